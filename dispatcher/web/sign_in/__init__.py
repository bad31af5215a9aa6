"""Who asks: tokens, one-time links, sessions."""
