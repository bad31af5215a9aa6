"""Signals in, help out: decides whom to call, calls them, and ends only when a person says so."""
