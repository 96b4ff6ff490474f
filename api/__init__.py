"""Who calls us: the REST API."""
