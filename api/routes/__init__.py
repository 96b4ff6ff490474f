"""The routes, one file a resource, joined in `api.app`."""
