"""A Sur-Gard receiver: an MLR2 that speaks Contact ID, or a System III that speaks SIA."""

from __future__ import annotations

from datetime import timedelta

from devices.callsystems.surgard.codec import contact_id_message, heartbeat, sia_message
from firmware_sim.speakers.alarm_receiver import AlarmReceiver

MLR2_LINE, SYSTEM_III_LINE = "1", "001"
"""System III writes its lines with three digits: `line_digits` of our side."""


def mlr2(beat_every: timedelta) -> AlarmReceiver:
    """Panic of the calling point, as Contact ID 120."""
    return AlarmReceiver(
        lambda call: contact_id_message(call.account, f"E12000{call.point:03d}", line=MLR2_LINE),
        heartbeat(line=MLR2_LINE),
        beat_every,
    )


def system_iii(beat_every: timedelta) -> AlarmReceiver:
    """Panic of the calling point, as SIA `PA`."""
    return AlarmReceiver(
        lambda call: sia_message(call.account, f"Nri1/PA{call.point:02d}", line=SYSTEM_III_LINE),
        heartbeat(line=SYSTEM_III_LINE),
        beat_every,
    )
