"""The commands: each file is what one of them, or one family of them, does."""
