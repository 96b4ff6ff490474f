"""The event log: mapping, linking, group commit, aggregates rebuilt from their streams.

Databases are beside: `adapters.sqlite`, `adapters.postgres`.
"""
