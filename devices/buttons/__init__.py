"""Buttons and badges: one package per protocol or product."""
