"""The emergency journal: where a press is kept when the store does not commit in time (law 1)."""
