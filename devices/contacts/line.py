"""A line of input boards opened, and what its settings and identities tell besides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from core.errors import ConfigError
from core.signals import AlarmKind
from devices.contacts import wording
from devices.contacts.asking import (
    ANSWER_LEAST,
    ANSWER_MOST,
    POLL_LEAST,
    POLL_MOST,
    SILENT_LEAST,
    SILENT_MOST,
    TCP_ANSWER_WITHIN,
    quiet_between,
)
from devices.contacts.board import Board, Framing, places_of, reads_of
from devices.contacts.key_switch import LIMIT as TEST_LIMIT
from devices.contacts.key_switch import LIMIT_MOST as TEST_LIMIT_MOST
from devices.contacts.meanings import PRESSED_KINDS
from devices.contacts.session import ModbusSession
from devices.contacts.sounder import SOUND_LEAST, SOUND_MOST, Sounder
from devices.contacts.watching import Watching
from devices.family import Port
from devices.line_settings import LineSettings, Texts


def opens(framing: Framing) -> Callable[[LineSettings], Port]:
    """Without a point the eight inputs of board 1 are read: enough to find one by pressing."""

    def opened(settings: LineSettings) -> Port:
        board = _board(settings, framing)
        reads_of(board)
        watching, sounder = Watching(board), Sounder(board)
        return Port(lambda: ModbusSession(board, watching, sounder), sounder=sounder)

    return opened


def line_name(settings: Texts) -> str:
    """What stands before the slash of every identity of this line."""
    return settings.get("name", Board().name)


def board_of(identity: str) -> str:
    """`desk/1/3` is on board 1."""
    return identity.partition("/")[2].partition("/")[0]


def sounders(settings: Texts) -> tuple[str, ...]:
    """The sirens and lamps on the outputs of this line, as the technician named them."""
    return tuple(dict.fromkeys(settings.get("sounder", "").split()))


def _board(settings: LineSettings, framing: Framing) -> Board:
    if settings.datagrams:
        raise ConfigError("modbus: there is no board over udp://; write socket://HOST:502")
    usual = Board()
    name = settings.text("name", usual.name)
    if not wording.NAME.fullmatch(name):
        raise ConfigError(f"modbus: name is {name!r}; write a short word without a slash")
    numbers = wording.Numbers(framing, int(settings.one_of("counts_from", "0", ("0", "1"))))
    kind = AlarmKind(settings.one_of("kind", AlarmKind.SOS, tuple(PRESSED_KINDS)))
    measured = wording.bands(settings.text("bands", ""))
    texts = settings.each("point", "UNIT/INPUT")
    points = wording.points(texts, numbers, kind, has_bands=bool(measured))
    limit = settings.seconds_within("test_limit_s", TEST_LIMIT, timedelta(), TEST_LIMIT_MOST)
    within = TCP_ANSWER_WITHIN if framing is Framing.TCP else usual.answer_within
    gap = timedelta() if framing is Framing.TCP else quiet_between(settings.speed_bd)
    test = wording.key_input(settings.text("test_input", ""), numbers, limit)
    points = points or usual.points
    sounders = wording.sounders(settings.text("sounder", ""), numbers, places_of(points, test))
    return Board(
        name=name,
        framing=framing,
        points=points,
        bands=measured,
        test=test,
        tamper_calls=settings.flag("tamper_calls"),
        poll_every=settings.seconds_within("poll_s", usual.poll_every, POLL_LEAST, POLL_MOST),
        answer_within=settings.seconds_within("answer_s", within, ANSWER_LEAST, ANSWER_MOST),
        gap=settings.seconds_within("gap_s", gap, timedelta(), ANSWER_MOST),
        bit=timedelta(seconds=1) / settings.speed_bd,
        silent_after=settings.seconds_within(
            "silent_s", usual.silent_after, SILENT_LEAST, SILENT_MOST
        ),
        settle=settings.seconds_within("settle_s", usual.settle, timedelta(), POLL_MOST),
        sounders=sounders,
        sound_most=settings.seconds_within("sound_s", usual.sound_most, SOUND_LEAST, SOUND_MOST),
    )
