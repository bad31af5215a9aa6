"""`/api/v1`: what other programs ask and say."""
