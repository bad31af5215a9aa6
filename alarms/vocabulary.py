"""The closed lists of deciding: what is written in a timeline, a stored state, a notice, the API.

A token is never translated and never changes; who writes one takes it from here. Of reasons and
sources (`Token`) a reader may meet one of another release: it is kept and shown as it stands, so
the stored alarm stays readable. What stands in the lists before them is decided by: a state that
holds anything else is not guessed at, it is told to a person as unreadable.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Cause(StrEnum):
    """The neutral cause a person gives when they close an alarm (glossary: never "false")."""

    CALMED_DOWN = "calmed_down"
    NOT_NEEDED_ANY_MORE = "not_needed_any_more"
    UNINTENDED_PRESS = "unintended_press"
    TEST = "test"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"
    RESTORED = "restored"


class Standpoint(StrEnum):
    """Where one called person stands. Order of life; `lost` and `lapsed` can come back."""

    CALLED = "called"
    RANG = "rang"
    SEEN = "seen"
    DECLINED = "declined"
    ACCEPTED = "accepted"
    LAPSED = "lapsed"  # accepted, and the deadline passed without an arrival
    ARRIVED = "arrived"
    LOST = "lost"  # pressed too, device gone, off duty
    UNREACHED = "unreached"  # every route failed
    STOOD_DOWN = "stood_down"


class Purpose(StrEnum):
    """Why a notice is sent; with the level it decides words, sound and lane."""

    CALL = "call"
    ASK_AGAIN = "ask_again"
    CHANGE = "change"
    PRESSES_AGAIN = "presses_again"
    IS_IT_OVER = "is_it_over"
    SAYS_OVER = "says_over"
    HOUSE_EMPTY = "house_empty"
    STAND_DOWN = "stand_down"


class TellType(StrEnum):
    """What the wearer's device is told (docs/contract.md)."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    NOBODY_YET = "nobody_yet"
    CLOSED = "closed"
    TEST_OK = "test_ok"
    STAND_DOWN = "stand_down"


class Unusual(StrEnum):
    """What the call must say because calling this person is not how it should be."""

    MINIMUM_STAFF = "minimum_staff"  # their unit stands empty while they run
    NOT_INSTRUCTED = "not_instructed"  # do not go in alone
    ASLEEP = "asleep"
    OFF_DUTY = "off_duty"
    ELSEWHERE = "elsewhere"  # already on the way to another alarm


class AnswerVerdict(StrEnum):
    """What becomes of an answer. `ASK`: whether it is still so. `DOUBT`: nobody counts on them."""

    COUNTS = "counts"
    PASSED_OVER = "passed_over"
    ASK = "ask"
    DOUBT = "doubt"


class Token(StrEnum):
    """A closed list for who writes; a reader keeps what it does not know, equal to nothing here."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        foreign = str.__new__(cls, value)
        foreign._name_ = foreign._value_ = value
        return foreign


class Timeline(Token):
    """What a line of an alarm's timeline says has happened."""

    OPENED = "opened"
    PRESSED_AGAIN = "pressed_again"
    TEXT = "text"
    JOINED = "joined"
    RAISED = "raised"
    SAYS_OVER = "says_over"
    STEP = "step"
    ROUND = "round"
    ANEW = "anew"
    RECALLED = "recalled"
    HELD_AFTER_DOWN_TIME = "held_after_down_time"
    RANG_LOCALLY = "rang_locally"
    NO_SOUNDER = "no_sounder"
    TOLD_WEARER = "told_wearer"
    ACCEPTED = "accepted"
    SURPLUS_ACCEPT = "surplus_accept"
    DECLINED = "declined"
    WITHDREW = "withdrew"
    ARRIVED = "arrived"
    MORE_HELP = "more_help"
    RESPONDER_SAYS_OVER = "responder_says_over"
    NOT_COUNTED = "not_counted"
    OFF_DUTY_NOT_COUNTED = "off_duty_not_counted"
    LATE_ANSWER = "late_answer"
    NOT_ANSWERED = "not_answered"
    ACCEPT_LAPSED = "accept_lapsed"
    RESPONDER_LOST = "responder_lost"
    SHIFT_OVER_THERE = "shift_over_there"
    SILENT_AFTER_SHIFT = "silent_after_shift"
    SEND_FAILED = "send_failed"
    RECEIPT_MISSING = "receipt_missing"
    HOUSE_EMPTY = "house_empty"
    ASKED_WHETHER_OVER = "asked_whether_over"
    CLOSED = "closed"
    ERASED = "erased"


class Who(Token):
    """Whom a step of a plan calls, as a view lists them."""

    NEAREST = "nearest"  # so many of those on shift, those already called included
    EVERYONE = "everyone"  # all who are on shift at the site
    LEADER = "leader"  # the duty leader, else deputies, in order
    DEPUTIES = "deputies"
    ON_CALL = "on_call"  # bagvagt
    LAST_RESORT = "last_resort"
    PERSON = "person"  # one, by name


class WakeWhy(Token):
    """Why an alarm is looked at again at its `wake_at` (law 2)."""

    BEGIN = "begin"
    STEP = "step"  # of: the number of the step
    ROUND = "round"  # of: the number of the round
    DEADLINE = "deadline"  # of: who accepted, and is to be there
    RECEIPT = "receipt"  # of: who was sent what has no receipt yet
    PRESSED_AGAIN = "pressed again"
    NEWS = "news to tell"
    NOBODY_YET = "nobody yet"
    IS_IT_OVER = "is it over"
    HELD = "held for the duty leader"
    CLOSED = "closed"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        # An earlier release stored what it is about in the token: `step 2`, `deadline bo`.
        told = str(value).partition(" ")[0]
        return cls(told) if told in cls.__members__.values() else super()._missing_(value)


class LostWhy(Token):
    """Why a called person does not come, or cannot be counted on, any more."""

    PRESSED = "pressed"
    DEVICE_LOST = "device_lost"
    OFF_DUTY = "off_duty"  # they said so
    SHIFT_OVER = "shift_over"  # the roster says so
    REMOVED = "removed"  # not in the configuration any more
    REVOKED = "revoked"  # their device, as stolen
    DOUBTED = "doubted"  # they said long ago that they do not come
    ELSEWHERE = "elsewhere"  # they have said since that they come to an alarm at another place

    @property
    def for_good(self) -> bool:
        """Whether they must hear nothing more of it (law 3)."""
        return self in (LostWhy.PRESSED, LostWhy.REMOVED)


class StaleWhy(Token):
    """Why an answer is too old to count (law 6)."""

    TOO_OLD = "too_old"
    OVERTAKEN = "overtaken"  # by a later word of the same person


class ChosenWhy(Token):
    """Why somebody stands where they do in a list of who can be called."""

    RUNNER = "runner"
    LEADER = "leader"
    DEPUTY = "deputy"
    ON_CALL = "on_call"
    LAST_RESORT = "last_resort"
    NAMED = "named"  # by the plan
    TEMP = "temp"
    ROSTER_UNIT = "roster_unit"  # value: the unit
    PLACE_UNKNOWN = "place_unknown"
    NO_WAY = "no_way"
    WALK_S = "walk_s"
    SEEN = "seen"  # value: the zone
    SEEN_S = "seen_s"
    PENALTY_S = "penalty_s"
    CONNECTED = "connected"  # to a remote gateway that calls by itself
    LAST_NET = "last_net"  # the picture could not be made: everybody with a way


class LeftOutWhy(Token):
    """Why somebody is not called at all."""

    PRESSED = "pressed"
    OFF_SHIFT = "off_shift"
    NOT_HERE = "not_here"
    NO_ROUTE = "no_route"


class StandDownWhy(Token):
    """Why a person who was called need not come."""

    NONE = ""  # a notice that stands nobody down
    ENOUGH = "enough"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    PRESSED = "pressed"
    REMOVED = "removed"

    @property
    def untold(self) -> bool:
        """Whether nothing more goes to them, not even that it is taken back (law 3)."""
        return self in (StandDownWhy.PRESSED, StandDownWhy.REMOVED)


class NotSentWhy(Token):
    """Why a notice is not wanted any more right before it leaves."""

    PRESSED = "pressed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    STOOD_DOWN = "stood_down"
    DECLINED = "declined"
    COMING = "coming already"
    EXPIRED = "expired"


class RaisedWhy(Token):
    """What is new about an alarm that is told again."""

    JOINED = "joined"
    LEVEL = "level"
    PLACE = "place"
    NOT_OVER = "not over after all"
    OTHER_WORDS = "other words"


class PlaceSource(Token):
    """Where a place comes from (law 8)."""

    DEVICE = "device"
    BEACON = "beacon"
    FIXED = "fixed"
    ROSTER = "roster"
    POSITION = "position"
    UNKNOWN = "unknown"


class ClockPoint(Token):
    """A clock point of an alarm: a field of `Times`."""

    RANG = "rang"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    CLOSED = "closed"
