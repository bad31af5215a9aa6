"""Bytes in, Signals out: links carry bytes, intake makes Signals and owes the acknowledgement."""
