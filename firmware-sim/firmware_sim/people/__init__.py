"""Simulated colleagues: their habits, telephones, and what is told of them."""
