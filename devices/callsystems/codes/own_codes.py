"""Codes to which a site gives a meaning of its own, before the tables."""

from __future__ import annotations

from core.signals import AlarmKind, SignalType
from devices.callsystems.codes.meaning import Meaning
from devices.line_settings import LineSettings


def own_codes(settings: LineSettings) -> dict[str, Meaning]:
    """`own.120 = "fall"` or `"test: the button of the office"`: code → the site's meaning."""
    found = {}
    for code, said in settings.each("own", "CODE").items():
        token, _, text = said.partition(":")
        token, text = token.strip(), text.strip() or code
        if token in [kind.value for kind in AlarmKind]:
            found[code] = Meaning(SignalType.ALARM, AlarmKind(token), text, "the site")
        else:
            known = (*AlarmKind, *SignalType)
            type_ = settings.token(f"own.{code}", token, SignalType, known)
            found[code] = Meaning(type_, None, text, "the site")
    return found
