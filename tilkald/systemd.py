"""Telling systemd that the service is ready, alive or stopping (sd_notify(3))."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> bool:
    """Send `READY=1`, `WATCHDOG=1`, `STOPPING=1` or `STATUS=…`; False when nobody asked for it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.setblocking(False)  # whoever listens may be asleep, and help must not wait for them
        try:
            door.sendto(state.encode(), address)
        except OSError:
            return False  # it went away or does not read: the watchdog will notice by itself
    return True
