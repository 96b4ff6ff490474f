"""Bringing secrets over from another system, by its own protocol."""
