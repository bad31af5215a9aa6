"""An Ademco 685 receiver, or what speaks as one: Contact ID with a heartbeat."""

from __future__ import annotations

from datetime import timedelta

from devices.callsystems.ademco685.codec import contact_id_message, heartbeat
from firmware_sim.speakers.alarm_receiver import AlarmReceiver


def receiver(beat_every: timedelta) -> AlarmReceiver:
    """Panic of the calling point, as Contact ID 120."""
    return AlarmReceiver(
        lambda call: contact_id_message(call.account, f"E120 00 C{call.point:03d}"),
        heartbeat(),
        beat_every,
    )
