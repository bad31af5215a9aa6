"""What the devices of one alarm said, each thing once: its text for pages and technical notices."""

from __future__ import annotations

from core.signals import Signal, Standing

TEXT_CHARS_MAX = 600
"""Past this nothing is added; the log has it all."""

_BETWEEN = "; "


def text_of(signal: Signal) -> str:
    """What the device said; of one nobody registered also its line, so that it can be found."""
    line = signal.reading.line if signal.standing is Standing.UNKNOWN else ""
    return " ".join(filter(None, (signal.reading.text, f"({line})" if line else "")))


def is_told(text: str, before: str) -> bool:
    """Whether it says nothing new."""
    return not text or _BETWEEN + text + _BETWEEN in _BETWEEN + before + _BETWEEN


def with_text(before: str, text: str) -> str:
    """Add this to what was said before."""
    if is_told(text, before):
        return before
    both = _BETWEEN.join(filter(None, (before, text)))
    return both if len(both) <= TEXT_CHARS_MAX else before
