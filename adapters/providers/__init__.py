"""Backends that leases and rotations make accounts in: one file a kind, none knows another."""
