"""One row of a table of codes, and the Reading that comes of it."""

from __future__ import annotations

import string
from datetime import datetime
from enum import StrEnum

from core.signals import AlarmKind, Position, Reading, SignalType
from core.values import replace, value

TEXT_CHARS_MAX = 200
NAME_CHARS_MAX = 64
POINT_CHARS_MAX = 16
RAW_BYTES_MAX = 2_048
"""How much of a message is kept with its Reading."""

ODD_MAX = 12


class About(StrEnum):
    """What the number beside a code counts."""

    POINT = "point"
    USER = "user"
    AREA = "area"


@value(frozen=True)
class Meaning:
    """What a code says. `source` is where its row was read.

    `cause` is what a trouble and its end have in common where their codes differ. `line_test`: a
    test that proves the way here, and no button.
    """

    type: SignalType
    kind: AlarmKind | None
    text: str
    source: str = ""
    about: About = About.POINT
    cause: str = ""
    line_test: bool = False

    def ended(self) -> Meaning:
        """What the same code says as a restore: never an alarm, and not an alarm's end by chance.

        The kind of a restore says what is over: a mains failure that ends is `technical`, and no
        reason to think that somebody's call is over.
        """
        match self.type:
            case SignalType.ALARM:
                return replace(self, type=SignalType.RESTORE)
            case SignalType.TECHNICAL | SignalType.LOW_BATTERY:
                return replace(self, type=SignalType.RESTORE, kind=AlarmKind.TECHNICAL)
            case SignalType.TAMPER:
                return replace(self, type=SignalType.RESTORE, kind=AlarmKind.TAMPER)
            case SignalType.RESTORE:
                return self
            case _:
                return replace(self, type=SignalType.UNKNOWN, kind=None)


def alarm(kind: AlarmKind, text: str, source: str, about: About = About.POINT) -> Meaning:
    """A call for help."""
    return Meaning(SignalType.ALARM, kind, text, source, about)


def restored(
    kind: AlarmKind, text: str, source: str, about: About = About.POINT, *, cause: str = ""
) -> Meaning:
    """Something is over: `kind` says what."""
    return Meaning(SignalType.RESTORE, kind, text, source, about, cause)


def cancel(text: str, source: str, about: About = About.POINT) -> Meaning:
    """Somebody at the panel took the alarm back."""
    return Meaning(SignalType.CANCEL, None, text, source, about)


def technical(text: str, source: str, about: About = About.POINT, *, cause: str = "") -> Meaning:
    """A thing is wrong, no person calls."""
    return Meaning(SignalType.TECHNICAL, None, text, source, about, cause)


def battery(text: str, source: str, about: About = About.POINT) -> Meaning:
    """A battery is low, dead or gone."""
    return Meaning(SignalType.LOW_BATTERY, None, text, source, about)


def tamper(text: str, source: str, about: About = About.POINT) -> Meaning:
    """Somebody opened or removed a device."""
    return Meaning(SignalType.TAMPER, None, text, source, about)


def proof(text: str, source: str, about: About = About.POINT) -> Meaning:
    """The panel tests its way here, by itself or by hand at the panel: no button was pressed."""
    return Meaning(SignalType.TEST, None, text, source, about, line_test=True)


def tried(text: str, source: str, about: About = About.POINT) -> Meaning:
    """Somebody pressed this very point while the panel was set to a walk test."""
    return Meaning(SignalType.TEST, None, text, source, about)


def note(text: str, source: str, about: About = About.POINT) -> Meaning:
    """Understood, and nothing any of our words says: armed, programmed, a door opened."""
    return Meaning(SignalType.UNKNOWN, None, text, source, about)


@value(frozen=True)
class Sender:
    """Who spoke, and how far it is believed."""

    protocol: str
    device: str
    authenticated: bool = False


@value(frozen=True)
class Event:
    """One thing a panel reported. `number` counts what `meaning.about` says; `said` is its text."""

    meaning: Meaning
    code: str
    number: str = ""
    area: str = ""
    said: str = ""
    odd: tuple[str, ...] = ()


def reading(
    sender: Sender,
    event: Event,
    raw: bytes,
    *,
    seq: int | None = None,
    boot: str | None = None,
    at: datetime | None = None,
    position: Position | None = None,
    odd: tuple[str, ...] = (),
) -> Reading:
    """The Reading of one event."""
    number, area = event.number.lstrip("0"), event.area.lstrip("0")
    spot = _point(event.meaning.about, number, area)
    point = number if event.meaning.about is About.POINT else ""
    counted = f"{event.meaning.about} {number}" if number else ""
    # An area is said once, whichever field it came in.
    in_area = f"area {area}" if area and event.meaning.about is not About.AREA else ""
    return Reading(
        sender.protocol,
        sender.device,
        event.meaning.type,
        event.meaning.kind,
        at=at,
        seq=seq,
        boot=boot,
        zone=f"{sender.device}/{point}"[:NAME_CHARS_MAX] if point else None,
        point=spot,
        position=position,
        text=shown(", ".join(filter(None, (event.said, event.meaning.text, in_area, counted)))),
        code=event.code,
        about=_about(event, spot),
        line_test=event.meaning.line_test,
        authenticated=sender.authenticated,
        odd=(*odd, *event.odd)[:ODD_MAX],
        raw=raw[:RAW_BYTES_MAX],
    )


def _about(event: Event, point: str) -> str:
    """Of a trouble, and of its end: the same words (`Reading.about`)."""
    troubles = (SignalType.TECHNICAL, SignalType.LOW_BATTERY, SignalType.TAMPER)
    over = event.meaning.kind in (AlarmKind.TECHNICAL, AlarmKind.TAMPER)
    if event.meaning.type not in troubles and not over:
        return ""
    return "/".join(filter(None, (event.meaning.cause or event.code, point)))


def _point(about: About, number: str, area: str) -> str:
    """Which of the panel's points, as `Reading.point` writes it.

    Somebody with a code of their own is a point too: two users at one panel are two people.
    """
    number, area = number[:POINT_CHARS_MAX], shown(area.replace("/", "-"), POINT_CHARS_MAX)
    if about is About.AREA:
        number, area = "", number or area
    elif about is About.USER and number:
        number = f"user{number}"
    return f"{area}/{number or '*'}" if area else number


def unknown(code: str, device: str, *, may_call: bool) -> Meaning:
    """A code no table knows: raised where it could be a call for help, else kept and shown."""
    text = f"unknown code {code} from {device}"
    if may_call:
        return Meaning(SignalType.ALARM, AlarmKind.UNKNOWN, text)
    return Meaning(SignalType.UNKNOWN, None, text)


def sure(digits: str, count: int) -> str:
    """A number as it stands; empty where a digit of it was damaged: the rest is another place."""
    whole = len(digits) == count and all(digit in string.hexdigits for digit in digits)
    return digits if whole else ""


def shown(text: str, limit: int = TEXT_CHARS_MAX) -> str:
    """A peer's text for people: printable, on one line, cut."""
    if len(text) <= limit and text.isprintable():
        return text.strip()
    return "".join(c if c.isprintable() else " " for c in text[: limit * 2]).strip()[:limit]
