"""The commonest routes, answered without the framework's router: the very same handlers, found by a table."""
