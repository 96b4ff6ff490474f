"""Real backends, or fakes that check what the real ones check: a world a kind, for contract and e2e tests."""
