"""Twilio: sending by the official SDK, status callbacks, replies; what its answers mean."""
