"""Simulated devices, people, providers and faults; drills, the seeded world, the bench."""
