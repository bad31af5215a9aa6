"""An ESPA 4.4.4 line opened, in one of its three roles."""

from __future__ import annotations

from collections.abc import Callable

from core.signals import AlarmKind, SignalType
from devices.callsystems.espa444.settings import EspaLine
from devices.doubts import Doubts
from devices.family import Port
from devices.line_settings import LineSettings
from devices.session import DeviceSession


def opens(
    session: Callable[[EspaLine, Doubts], DeviceSession], own: str
) -> Callable[[LineSettings], Port]:
    """`own`: our address in this role, where the technician writes no other."""

    def opened(settings: LineSettings) -> Port:
        line, doubts = _line(settings, EspaLine(own=own)), Doubts()
        return Port(lambda: session(line, doubts))

    return opened


def _line(settings: LineSettings, usual: EspaLine) -> EspaLine:
    return EspaLine(
        name=settings.text("name", usual.name),
        own=settings.text("own", usual.own),
        control=settings.text("control", usual.control),
        stations=tuple(settings.text("stations", " ".join(usual.stations)).split()),
        who_calls=settings.choice("who_calls", usual.who_calls),
        charset=settings.choice("charset", usual.charset),
        call_types=dict(usual.call_types) | settings.tokens("call_types", "TYPE", SignalType),
        priorities=dict(usual.priorities) | settings.tokens("priorities", "NUMBER", AlarmKind),
        words=tuple(settings.tokens("words", "WORD", AlarmKind).items()),
        direct_select=settings.flag("direct_select"),
        seven_bits=settings.flag("seven_bits"),
        tells_status=settings.flag("tells_status"),
        silent_after=settings.seconds("silent_s", usual.silent_after),
        poll_every=settings.seconds("poll_every_s", usual.poll_every),
        settle=settings.seconds("settle_s", usual.settle),
    )
