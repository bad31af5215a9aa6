"""A simulated wearable device: its state, its wire, its connection."""
