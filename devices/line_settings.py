"""What a technician may set for a line of each protocol, and the sessions that result from it.

Settings are written as texts (`lines.toml`, `[line.settings]`; `tilkald decode --set`). One that a
protocol does not know is a mistake, with the ones it knows: a misspelt key must not be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hmac import compare_digest

from core.errors import ConfigError
from devices.callsystems import ademco685, dc09, espa444, espax, surgard
from devices.callsystems.ademco685.session import Ademco685Session
from devices.callsystems.dc09.accounts import Accounts
from devices.callsystems.dc09.session import Dc09Session
from devices.callsystems.dc09.settings import Account, Settings, keys_of
from devices.callsystems.espa444.control import ControlSession
from devices.callsystems.espa444.listening import ListeningSession
from devices.callsystems.espa444.meanings import Charset
from devices.callsystems.espa444.session import PagingSession
from devices.callsystems.espa444.settings import EspaLine, WhoCalls
from devices.callsystems.espax import EspaXServer
from devices.callsystems.espax.settings import EspaXListener
from devices.callsystems.surgard.session import SILENT_AFTER as SURGARD_SILENT_AFTER
from devices.callsystems.surgard.session import SurGardSession
from devices.session import DeviceSession, Family

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Port:
    """One line, opened: `connect` gives each of its connections a session.

    `own` is a session without a connection: it watches over all of them, e.g. who is silent.
    """

    connect: Callable[[], DeviceSession]
    own: DeviceSession | None = None


def open_port(family: Family, settings: Texts) -> Port:
    """A line of this family. Raises ConfigError: an unknown setting, a wrong value."""
    opened = _PORTS.get(family.name)
    if opened is not None:
        return opened(_Settings(family.name, settings))
    _Settings(family.name, settings).done()
    return Port(family.open)


class _Settings:
    """Texts, each asked for once; what nobody asked for is a mistake."""

    def __init__(self, family: str, texts: Texts) -> None:
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

    def one_of(self, key: str, default: str, known: tuple[str, ...]) -> str:
        said = self.text(key, default)
        if said not in known:
            raise ConfigError(
                f"{self._family}: {key} is {said!r}; write one of: {', '.join(known)}"
            )
        return said

    def by_account(self, key: str) -> dict[str, str]:
        """`key.1234 = "…"`: account → text."""
        self._known[f"{key}.ACCOUNT"] = None
        found = [name for name in self._left if name.startswith(f"{key}.")]
        return {name.partition(".")[2].upper(): self._left.pop(name) for name in found}

    def done(self) -> None:
        for key in self._left:
            known = f"known: {', '.join(self._known)}" if self._known else "there are none to set"
            raise ConfigError(f"{self._family}: there is no setting {key!r}; {known}")


def _espa(make: Callable[[EspaLine], DeviceSession]) -> Callable[[_Settings], Port]:
    def opened(settings: _Settings) -> Port:
        usual = EspaLine()
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
            direct_select=settings.flag("direct_select"),
            seven_bits=settings.flag("seven_bits"),
            tells_status=settings.flag("tells_status"),
            silent_after=settings.seconds("silent_s", usual.silent_after),
            poll_every=settings.seconds("poll_every_s", usual.poll_every),
            settle=settings.seconds("settle_s", usual.settle),
        )
        settings.done()
        return Port(lambda: make(line))

    return opened


def _dc09(settings: _Settings) -> Port:
    """`key` and `silent_s` hold for every account, `key.1234` and `silent_s.1234` for one."""
    keys, silences = settings.by_account("key"), settings.by_account("silent_s")
    key, silent = settings.text("key", ""), settings.seconds("silent_s", timedelta())
    other = Account(keys=keys_of(key) if key else (), silent_after=silent or None)
    listed = []
    for account in dict.fromkeys((*keys, *silences)):
        own = keys_of(keys[account]) if account in keys else other.keys
        after = _Settings(dc09.FAMILY.name, {"silent_s": silences.get(account, "")})
        allowed = after.seconds("silent_s", silent)
        listed.append(replace(other, account=account, keys=own, silent_after=allowed or None))
    agreed = Settings(
        accounts=tuple(listed),
        other=other,
        only_listed=settings.flag("only_listed"),
        check_time=settings.one_of("check_time", "true", ("true", "false")) == "true",
        decimal_length=settings.flag("decimal_length"),
    )
    settings.done()
    accounts = Accounts(agreed)
    return Port(
        lambda: Dc09Session(accounts, supervises=False),
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
    settings.done()
    return Port(EspaXServer(listener).open)


def _login(user: str, password: str) -> Callable[[str, str], bool]:
    def is_right(given_user: str, given_password: str) -> bool:
        given = f"{given_user}\0{given_password}".encode()
        return compare_digest(given, f"{user}\0{password}".encode())

    return is_right


def _surgard(settings: _Settings) -> Port:
    """`silent_s` 0: the receiver's heartbeat is switched off."""
    digits = settings.one_of("line_digits", "1", ("1", "2", "3"))
    silent = settings.seconds("silent_s", SURGARD_SILENT_AFTER) or None
    settings.done()
    return Port(lambda: SurGardSession(line_digits=int(digits), silent_after=silent))


def _ademco685(settings: _Settings) -> Port:
    silent = settings.seconds("silent_s", timedelta()) or None
    settings.done()
    return Port(lambda: Ademco685Session(silent_after=silent))


_PORTS: dict[str, Callable[[_Settings], Port]] = {
    ademco685.FAMILY.name: _ademco685,
    dc09.FAMILY.name: _dc09,
    espax.FAMILY.name: _espax,
    surgard.FAMILY.name: _surgard,
    espa444.FAMILY.name: _espa(PagingSession),
    espa444.LISTENING.name: _espa(ListeningSession),
    espa444.CONTROL.name: _espa(ControlSession),
}
