"""The console: what staff and leaders see and press."""
