"""ESPA-X 1.00: the successor of ESPA 4.4.4 over TCP, in XML. We are the server that takes pages.

Sources: the schema and the client of Thomas-Gelf/icingaweb2-module-espax; tetronik's own client
for Node-RED (tetronik wrote the protocol); an ESP32 gateway from ESPA 4.4.4; the description of
Callisto's server. A dialect with STX/ETX frames and version 2.0 agrees with none and is not read.

`codec` cuts frames and reads XML within limits, `reading` and `meanings` say what a page means,
`pages` tells copies from presses, `clients` who is missing, `session` is one connection. An
`EspaXServer` opens sessions that share both: a client that lost its connection repeats the page on
the next one, and one that does not come back is missed.

How things are read, and why:

1. *The caller* is calling number, ward and bed together (`EspaXListener.who_calls`): specific, so
   that two rooms never become one device. Only without them it is who is called, else the client.
2. *The kind* is `sos` when priority or signal says Emergency, else `call`; a word no table knows
   leaves it `unknown`. The level is never read from the wire.
3. *A page before the login* is believed; the answer asks for the login.
4. *A P-STOP* is a restore that names the page it stops; authenticated when the login was checked.
5. An unreadable message with `P-START` in it, and an unknown request that carries a text or a
   number to call, is a call in doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

from core.errors import ConfigError
from devices.callsystems.espax.clients import Clients
from devices.callsystems.espax.pages import Pages
from devices.callsystems.espax.session import LINE_BACK, LINE_SILENT, EspaXSession
from devices.callsystems.espax.settings import PROTOCOL, EspaXListener
from devices.family import Encoding, Family, Port
from devices.line_settings import LineSettings


class EspaXServer:
    """One listening port: a session for each connection, and one that misses who is gone."""

    def __init__(self, listener: EspaXListener) -> None:
        self._listener = listener
        self._pages = Pages()
        self._clients = Clients(listener.silent_after)
        self.own = self._session(supervises=True)

    def open(self) -> EspaXSession:
        return self._session(supervises=False)

    def _session(self, *, supervises: bool) -> EspaXSession:
        return EspaXSession(self._listener, self._pages, self._clients, supervises=supervises)


def _opened(settings: LineSettings) -> Port:
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


FAMILY = Family(
    PROTOCOL,
    "ESPA-X 1.00, server",
    Encoding.HEX,
    _opened,
    page="devices/espa-x.md",
    silent=LINE_SILENT,
    back=LINE_BACK,
)
