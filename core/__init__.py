"""The shared words, and the doors to the world: clock, ids, chance, settings, log, words."""
