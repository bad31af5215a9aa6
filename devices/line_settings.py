"""What a technician may set for a line of each protocol, and the sessions that result from it.

Settings are written as texts (`lines.toml`, `[line.settings]`; `tilkald decode --set`). One that a
protocol does not know is a mistake, with the ones it knows: a misspelt key must not be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import TypeVar

from core.errors import ConfigError
from core.signals import AlarmKind, SignalType
from devices.callsystems import ademco685, dc09, espa444, espax, scaip, surgard
from devices.callsystems.ademco685.session import Ademco685Session
from devices.callsystems.codes.meaning import Meaning
from devices.callsystems.dc09.accounts import Accounts
from devices.callsystems.dc09.session import Dc09Session
from devices.callsystems.dc09.settings import Account, Settings, keys_of
from devices.callsystems.espa444.control import ControlSession
from devices.callsystems.espa444.listening import ListeningSession
from devices.callsystems.espa444.meanings import Charset
from devices.callsystems.espa444.session import PagingSession
from devices.callsystems.espa444.settings import (
    CONTROL_STATION,
    PAGING_SIDE,
    EspaLine,
    WhoCalls,
)
from devices.callsystems.espax import EspaXServer
from devices.callsystems.espax.settings import EspaXListener
from devices.callsystems.scaip.session import Receipts, ScaipSession
from devices.callsystems.surgard.session import SILENT_AFTER as SURGARD_SILENT_AFTER
from devices.callsystems.surgard.session import SurGardSession
from devices.contacts import FAMILY as MODBUS
from devices.contacts import OVER_TCP as MODBUS_TCP
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
from devices.doubts import Doubts
from devices.receivers import esp3, rfxtrx
from devices.receivers.esp3.meanings import CallsWhen
from devices.receivers.esp3.session import Esp3Session
from devices.receivers.rfxtrx.session import RfxtrxSession
from devices.session import DeviceSession, Family

Texts = Mapping[str, str]
Token = TypeVar("Token", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Port:
    """One line, opened: `connect` gives each of its connections a session.

    `own` is a session without a connection: it watches over all of them, e.g. who is silent.
    `sounder`: what can sound in the house, through whichever session is open.
    """

    connect: Callable[[], DeviceSession]
    own: DeviceSession | None = None
    sounder: Sounder | None = None


def open_port(
    family: Family, settings: Texts, *, datagrams: bool = False, speed_bd: int = 9_600
) -> Port:
    """A line of this family; `datagrams`: over UDP. `speed_bd`: of a serial line.

    Raises ConfigError: an unknown setting, a wrong value.
    """
    given = _Settings(family.name, settings, datagrams, speed_bd)
    opened = _PORTS.get(family.name)
    port = Port(family.open) if opened is None else opened(given)
    given.done()
    return port


class _Settings:
    """Texts, each asked for once; what nobody asked for is a mistake."""

    def __init__(
        self, family: str, texts: Texts, datagrams: bool = False, speed_bd: int = 9_600
    ) -> None:
        self.datagrams = datagrams
        self.speed_bd = speed_bd
        self._family = family
        self._left = dict(texts)
        self._known: dict[str, None] = {}

    def text(self, key: str, default: str) -> str:
        self._known[key] = None
        return self._left.pop(key, default)

    def flag(self, key: str) -> bool:
        said = self.text(key, "false")
        if said not in ("true", "false"):
            raise ConfigError(f"{self._family}: {key} is {said!r}; write true or false")
        return said == "true"

    def seconds(self, key: str, default: timedelta) -> timedelta:
        said = self.text(key, "")
        try:
            found = timedelta(seconds=float(said)) if said else default
        except (ValueError, OverflowError):
            found = timedelta(-1)
        if found < timedelta():
            raise ConfigError(f"{self._family}: {key} is {said!r}; write seconds, like 120")
        return found

    def seconds_within(
        self, key: str, default: timedelta, least: timedelta, most: timedelta
    ) -> timedelta:
        found = self.seconds(key, default)
        if not least <= found <= most:
            span = f"{least.total_seconds():g} to {most.total_seconds():g}"
            raise ConfigError(f"{self._family}: {key} is {found.total_seconds():g}; write {span}")
        return found

    def one_of(self, key: str, default: str, known: tuple[str, ...]) -> str:
        said = self.text(key, default)
        if said not in known:
            raise ConfigError(
                f"{self._family}: {key} is {said!r}; write one of: {', '.join(known)}"
            )
        return said

    def each(self, key: str, of: str) -> dict[str, str]:
        """`key.1234 = "…"`: what stands behind the dot → text."""
        self._known[f"{key}.{of}"] = None
        found = [name for name in self._left if name.startswith(f"{key}.")]
        return {name.partition(".")[2]: self._left.pop(name) for name in found}

    def tokens(self, key: str, of: str, kinds: type[Token]) -> dict[str, Token]:
        """`key.6 = "restore"`: what stands behind the dot → token."""
        return {
            name: self._token(f"{key}.{name}", said, kinds)
            for name, said in self.each(key, of).items()
        }

    def meanings(self) -> dict[str, Meaning]:
        """`own.120 = "fall"` or `"test: the button of the office"`: code → the site's meaning."""
        found = {}
        for code, said in self.each("own", "CODE").items():
            token, _, text = said.partition(":")
            found[code] = self._meaning(f"own.{code}", token.strip(), text.strip() or code)
        return found

    def _meaning(self, key: str, token: str, text: str) -> Meaning:
        if token in [kind.value for kind in AlarmKind]:
            return Meaning(SignalType.ALARM, AlarmKind(token), text, "the site")
        type_ = self._token(key, token, SignalType, (*AlarmKind, *SignalType))
        return Meaning(type_, None, text, "the site")

    def _token(
        self, key: str, said: str, kinds: type[Token], known: tuple[StrEnum, ...] = ()
    ) -> Token:
        if said not in [kind.value for kind in kinds]:
            names = ", ".join(dict.fromkeys(kind.value for kind in known or tuple(kinds)))
            raise ConfigError(f"{self._family}: {key} is {said!r}; write one of: {names}")
        return kinds(said)

    def done(self) -> None:
        for key in self._left:
            known = f"known: {', '.join(self._known)}" if self._known else "there are none to set"
            raise ConfigError(f"{self._family}: there is no setting {key!r}; {known}")


def _espa(
    make: Callable[[EspaLine, Doubts], DeviceSession], own: str = PAGING_SIDE
) -> Callable[[_Settings], Port]:
    def opened(settings: _Settings) -> Port:
        usual = EspaLine(own=own)
        line = EspaLine(
            name=settings.text("name", usual.name),
            own=settings.text("own", usual.own),
            control=settings.text("control", usual.control),
            stations=tuple(settings.text("stations", " ".join(usual.stations)).split()),
            who_calls=WhoCalls(
                settings.one_of("who_calls", usual.who_calls, tuple(w.value for w in WhoCalls))
            ),
            charset=Charset(
                settings.one_of("charset", usual.charset, tuple(c.value for c in Charset))
            ),
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
        doubts = Doubts()
        return Port(lambda: make(line, doubts))

    return opened


def _dc09(settings: _Settings) -> Port:
    """`key` holds for every account, `key.1234` and `silent_s.1234` for one.

    Only an account that is named is watched for silence: nobody knows when another must speak.
    """
    keys = {name.upper(): key for name, key in settings.each("key", "ACCOUNT").items()}
    silences = {name.upper(): s for name, s in settings.each("silent_s", "ACCOUNT").items()}
    key, own = settings.text("key", ""), settings.meanings()
    other = Account(keys=keys_of(key) if key else (), own=own)
    listed = []
    for account in dict.fromkeys((*keys, *silences)):
        of_its_own = keys_of(keys[account]) if account in keys else other.keys
        said = _Settings(dc09.FAMILY.name, {"silent_s": silences.get(account, "")})
        allowed = said.seconds("silent_s", timedelta()) or None
        listed.append(Account(account, of_its_own, allowed, own))
    agreed = Settings(
        accounts=tuple(listed),
        other=other,
        only_listed=settings.flag("only_listed"),
        check_time=settings.one_of("check_time", "true", ("true", "false")) == "true",
        decimal_length=settings.flag("decimal_length"),
    )
    accounts, datagrams = Accounts(agreed), settings.datagrams
    return Port(
        lambda: Dc09Session(accounts, supervises=False, datagrams=datagrams),
        own=Dc09Session(accounts, supervises=True),
    )


def _espax(settings: _Settings) -> Port:
    """`user` and `password` together: only who knows them is authenticated."""
    usual = EspaXListener()
    user, password = settings.text("user", ""), settings.text("password", "")
    if bool(user) != bool(password):
        raise ConfigError("espax: write user and password together, or neither")
    listener = EspaXListener(
        name=settings.text("name", usual.name),
        login=_login(user, password) if user else None,
        who_calls=tuple(settings.text("who_calls", " ".join(usual.who_calls)).split()),
        silent_after=settings.seconds("silent_s", usual.silent_after),
        server=settings.text("server", usual.server),
        software=settings.text("software", usual.software),
    )
    server = EspaXServer(listener)
    return Port(server.open, own=server.own)


def _login(user: str, password: str) -> Callable[[str, str], bool]:
    def is_right(given_user: str, given_password: str) -> bool:
        given = f"{given_user}\0{given_password}".encode()
        return compare_digest(given, f"{user}\0{password}".encode())

    return is_right


def _surgard(settings: _Settings) -> Port:
    """`silent_s` 0: the receiver's heartbeat is switched off."""
    digits = settings.one_of("line_digits", "1", ("1", "2", "3"))
    silent = settings.seconds("silent_s", SURGARD_SILENT_AFTER) or None
    own, doubts = settings.meanings(), Doubts()
    return Port(
        lambda: SurGardSession(line_digits=int(digits), own=own, silent_after=silent, doubts=doubts)
    )


def _ademco685(settings: _Settings) -> Port:
    silent = settings.seconds("silent_s", timedelta()) or None
    own, doubts = settings.meanings(), Doubts()
    return Port(lambda: Ademco685Session(own=own, silent_after=silent, doubts=doubts))


def _esp3(settings: _Settings) -> Port:
    """`call_points.0181A3F2 = "closed"`: a contact that calls when it closes, or opens."""
    said = settings.tokens("call_points", "SENDER", CallsWhen)
    call_points = {sender.lower(): when for sender, when in said.items()}
    doubts = Doubts()
    return Port(lambda: Esp3Session(call_points, doubts=doubts))


def _rfxtrx(settings: _Settings) -> Port:
    doubts = Doubts()
    return Port(lambda: RfxtrxSession(doubts=doubts))


def _scaip(settings: _Settings) -> Port:
    said = settings.one_of("receipts", Receipts.AS_MESSAGE, tuple(r.value for r in Receipts))
    receipts, datagrams = Receipts(said), settings.datagrams
    return Port(lambda: ScaipSession(datagrams=datagrams, receipts=receipts))


def _modbus(framing: Framing) -> Callable[[_Settings], Port]:
    """Without a point the eight inputs of board 1 are read: enough to find one by pressing."""

    def opened(settings: _Settings) -> Port:
        board = _board(settings, framing)
        reads_of(board)
        watching, sounder = Watching(board), Sounder(board)
        return Port(lambda: ModbusSession(board, watching, sounder), sounder=sounder)

    return opened


def _board(settings: _Settings, framing: Framing) -> Board:
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


_PORTS: dict[str, Callable[[_Settings], Port]] = {
    ademco685.FAMILY.name: _ademco685,
    dc09.FAMILY.name: _dc09,
    esp3.FAMILY.name: _esp3,
    espax.FAMILY.name: _espax,
    rfxtrx.FAMILY.name: _rfxtrx,
    scaip.FAMILY.name: _scaip,
    surgard.FAMILY.name: _surgard,
    MODBUS.name: _modbus(Framing.RTU),
    MODBUS_TCP.name: _modbus(Framing.TCP),
    espa444.FAMILY.name: _espa(PagingSession),
    espa444.LISTENING.name: _espa(ListeningSession),
    espa444.CONTROL.name: _espa(ControlSession, CONTROL_STATION),
}
