"""The proof: unit, contracts, integration, e2e, bench. What they start, they stop by its process id."""
