"""The notice page: one notice, one person, no login."""
