"""Tokens in words people know (docs/glossary.md). One nobody listed is shown as it is.

Each table gives the English message id; the catalogues hold the other languages, and a site may
have its own word for a level, a kind or a cause (`level_red`, `kind_attack`, `cause_test`).
"""

from __future__ import annotations

from collections.abc import Mapping

from alarms.channel import Rings
from alarms.model import Cause, Purpose, Standpoint
from alarms.view import Unusual
from alarms.vocabulary import PlaceSource
from core import levels
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState
from core.words import Words, overridden
from devices.findings import State
from dispatcher.channels.rows import CONSOLE, SMS, WEARABLE, row

LEVELS = {level: row.word for level, row in levels.LEVELS.items()}
KINDS = {
    AlarmKind.ATTACK: "Assault",
    AlarmKind.ASSIST: "Needs a colleague",
    AlarmKind.WEAPON: "Weapon",
    AlarmKind.MEDICAL: "Illness, cardiac arrest",
    AlarmKind.FIRE: "Fire",
    AlarmKind.MAN_DOWN: "Fall, no motion",
    AlarmKind.NO_MOTION: "No motion",
    AlarmKind.FALL: "Fall",
    AlarmKind.MISSED_CHECK_IN: "Has not checked in",
    AlarmKind.DURESS: "Under duress",
    AlarmKind.TAMPER: "Alarm removed",
    AlarmKind.LOSS: "Lost contact",
    AlarmKind.CALL: "Calls for help",
    AlarmKind.SOS: "Calls for help",
    AlarmKind.TECHNICAL: "Technical fault",
    AlarmKind.UNKNOWN: "Calls for help",
}
STANDPOINTS = {
    Standpoint.CALLED: "called",
    Standpoint.RANG: "ringing",
    Standpoint.SEEN: "seen",
    Standpoint.DECLINED: "cannot come",
    Standpoint.ACCEPTED: "is coming",
    Standpoint.LAPSED: "did not get there in time",
    Standpoint.ARRIVED: "is there",
    Standpoint.LOST: "can no longer come",
    Standpoint.UNREACHED: "could not be reached",
    Standpoint.STOOD_DOWN: "stood down",
}
RECEIPTS = {
    ReceiptState.PENDING: "waiting to be sent",
    ReceiptState.SENDING: "being sent",
    ReceiptState.MAYBE_SENT: "perhaps sent",
    ReceiptState.SENT: "sent",
    ReceiptState.DELIVERED: "delivered",
    ReceiptState.READ: "read",
    ReceiptState.FAILED_TEMPORARY: "not sent, other way tried",
    ReceiptState.FAILED_PERMANENT: "not sent",
    ReceiptState.WITHDRAWN: "taken back",
}
PURPOSES = {
    Purpose.CALL: "Call",
    Purpose.ASK_AGAIN: "Asked again",
    Purpose.CHANGE: "Change",
    Purpose.PRESSES_AGAIN: "Presses again",
    Purpose.IS_IT_OVER: "Is it over?",
    Purpose.SAYS_OVER: "Says it is over",
    Purpose.HOUSE_EMPTY: "House stands empty",
    Purpose.STAND_DOWN: "Stood down",
}
CAUSES = {
    Cause.CALMED_DOWN: "Calmed down",
    Cause.NOT_NEEDED_ANY_MORE: "No longer needed",
    Cause.UNINTENDED_PRESS: "Unintended press",
    Cause.TEST: "Alarm test",
    Cause.HANDED_OVER: "Handed over",
    Cause.CANCELLED: "Cancelled by the wearer",
    Cause.RESTORED: "Works again",
}
CAUSES_OFFERED = (
    Cause.CALMED_DOWN,
    Cause.NOT_NEEDED_ANY_MORE,
    Cause.UNINTENDED_PRESS,
    Cause.HANDED_OVER,
    Cause.TEST,
)
"""What a person may choose; `cancelled` and `restored` are said by a device."""

ANSWERS = {
    AnswerKind.ACCEPT: "I am coming",
    AnswerKind.DECLINE: "I cannot",
    AnswerKind.WITHDRAW: "I cannot",
    AnswerKind.ARRIVED: "I am here",
    AnswerKind.MORE_HELP: "More help",
    AnswerKind.OVER: "It is over",
    AnswerKind.SEEN: "Seen",
    AnswerKind.RANG: "Rang",
}
UNUSUALS = {
    Unusual.MINIMUM_STAFF: "Your house stands empty while you run.",
    Unusual.NOT_INSTRUCTED: "Do not go in alone.",
    Unusual.ASLEEP: "You are called from your sleep.",
    Unusual.OFF_DUTY: "You are called off duty.",
    Unusual.ELSEWHERE: "You are on your way to another alarm.",
}
UNUSUALS_OF_ANOTHER = {
    Unusual.MINIMUM_STAFF: "own house stands empty meanwhile",
    Unusual.NOT_INSTRUCTED: "not instructed, must not go in alone",
    Unusual.ASLEEP: "sleeping night duty",
    Unusual.OFF_DUTY: "off duty",
    Unusual.ELSEWHERE: "on the way to another alarm",
}
CHANNELS = {
    WEARABLE: "alarm",
    SMS: "SMS",
    CONSOLE: "this screen",
}
DEVICE_STATES: Mapping[str, str] = {
    State.OK: "has contact",
    State.SILENT: "has no contact",
    State.LOW_BATTERY: "battery low",
    State.TAMPER: "opened or removed",
    State.UNKNOWN: "not heard yet",
    State.WITHDRAWN: "taken out of use",
    State.REVOKED: "blocked",
}
DEVICE_KINDS = {
    "badge": "Personal alarm",
    "pendant": "Pendant",
    "fixed_button": "Fixed button, gives signs of life",
    "call_point": "Fixed button, speaks only when pressed",
}
SIGNALS = {
    **{kind.value: label for kind, label in KINDS.items()},
    "alarm": "Alarm",
    "cancel": "Says it is over",
    "restore": "Reset",
    "test": "Test",
    "heartbeat": "Sign that it works",
    "position": "Its place",
    "presence": "Here",
    "low_battery": "Battery low",
    "answer": "Answer",
    "unknown": "Unknown",
}
DUTIES = {
    "staff": "on duty",
    "sleeping": "sleeping night duty",
    "leader": "duty leader",
    "on_call": "on call",
}
SOURCES: Mapping[str, str] = {
    PlaceSource.DEVICE: "told by the alarm",
    PlaceSource.BEACON: "seen by a beacon",
    PlaceSource.FIXED: "fixed button",
    PlaceSource.ROSTER: "from the roster",
    PlaceSource.POSITION: "from a position",
    PlaceSource.UNKNOWN: "place unknown",
}


def level(w: Words, token: Level, own: Mapping[str, str]) -> str:
    return overridden(w(LEVELS[token]), own, f"level_{token}")


def kind(w: Words, token: AlarmKind, own: Mapping[str, str]) -> str:
    return overridden(w(KINDS[token]), own, f"kind_{token}")


def cause(w: Words, token: Cause, own: Mapping[str, str]) -> str:
    return overridden(w(CAUSES[token]), own, f"cause_{token}")


def known(w: Words, table: Mapping[str, str], token: str) -> str:
    """The label of an open list's token; a new token is shown readable rather than dropped."""
    label = table.get(token)
    return w(label) if label is not None else token.replace("_", " ")


def masked(channel: str, address: str) -> str:
    """Enough of an address to tell two apart: numbers are shown by their last two digits."""
    match row(channel).rings:
        case Rings.NUMBER:
            return f"••{address[-2:]}" if address else ""
        case Rings.DEVICE:
            return address
        case Rings.PERSON:
            return ""  # it is the person, who is named beside it
