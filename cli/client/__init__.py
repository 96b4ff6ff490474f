"""The `trstctl-cli` command: a client that knows only HTTP."""
