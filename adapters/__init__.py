"""Whom we call: event log, stores, sealing, checkpoints, scheduler."""
