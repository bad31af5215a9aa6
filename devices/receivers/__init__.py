"""Receivers of alarms and of radio: one package per protocol or product."""
