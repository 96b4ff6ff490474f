"""The commands of `trstctl`, one file a resource."""
