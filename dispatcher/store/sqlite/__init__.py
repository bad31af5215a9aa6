"""SQLite: one writer thread, readers beside it, and what only a file on a disk needs."""
