"""The `trstctl` command: server and operator."""
