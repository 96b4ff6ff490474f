"""The shared store: PostgreSQL, one log for several nodes, tenants kept apart by row-level security."""
