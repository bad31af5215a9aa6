"""Deciding: what is an alarm, whom to call next, when it is over. Pure (law 5)."""
