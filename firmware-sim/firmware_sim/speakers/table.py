"""Which far end belongs to a line: by its protocol, its address, and the settings of both ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.errors import ConfigError
from devices.callsystems.dc09.settings import keys_of
from devices.protocols import FAMILIES
from devices.registry import Line
from firmware_sim.speakers import ademco685, dc09, espa444, espax, modbus, scaip, surgard
from firmware_sim.speakers.esp3 import RadioGateway
from firmware_sim.speakers.ports import Speaker
from firmware_sim.speakers.rfxtrx import RfxReceiver
from firmware_sim.speakers.rtl433 import RadioPipe


class Speaks(StrEnum):
    """What a panel calls its events by, where its protocol has more than one list of codes."""

    SIA = "sia"
    CONTACT_ID = "contact_id"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a far end speaks: the pause between two signs of life, and its codes."""

    beat_every: timedelta = timedelta(seconds=1)
    speaks: Speaks = Speaks.CONTACT_ID


@dataclass(frozen=True, slots=True)
class Wanted:
    """One far end to be made. `callers` are the names on the wire that call over it."""

    line: Line
    callers: tuple[str, ...]
    manner: Manner

    @property
    def settings(self) -> dict[str, str]:
        return dict(self.line.settings)

    def setting(self, key: str) -> str:
        return self.settings.get(key, "")

    @property
    def datagrams(self) -> bool:
        return self.line.url.startswith("udp://")

    @property
    def accounts(self) -> tuple[str, ...]:
        """Whose points call over this line; the first one gives the line its signs of life."""
        return tuple(dict.fromkeys(caller.partition("/")[0] for caller in self.callers)) or ("0",)


def speaker_for(line: Line, callers: Sequence[str], manner: Manner) -> Speaker:
    """The far end of a line. Raises ConfigError for a protocol nobody here speaks."""
    make = _SPEAKERS.get(line.protocol)
    if make is None:
        known = ", ".join(_SPEAKERS)
        raise ConfigError(f"nobody here speaks {line.protocol}; known: {known}")
    return make(Wanted(line, tuple(callers), manner))


def answers(line: Line) -> bool:
    """Whether this line's protocol acknowledges: then a call is said until it is."""
    return FAMILIES[line.protocol].answers


def outlasts(line: Line, who: str) -> bool:
    """Whether a call made while the cable is out still arrives when it is back."""
    button = modbus.wired(dict(line.settings)).get(who)
    return answers(line) or (button is not None and button.latching)


def _surgard(wanted: Wanted) -> Speaker:
    three = wanted.setting("line_digits") == "3"
    return (surgard.system_iii if three else surgard.mlr2)(wanted.manner.beat_every)


def _dc09(wanted: Wanted) -> Speaker:
    """One key for all accounts of a dialler: `key`, else that of its first account."""
    said = wanted.setting("key") or wanted.setting(f"key.{wanted.accounts[0]}")
    key = keys_of(said)[0] if said else None
    speaks = dc09.SIA if wanted.manner.speaks is Speaks.SIA else dc09.CONTACT_ID
    return dc09.Panel(wanted.accounts, wanted.manner.beat_every, speaks=speaks, key=key)


def _espax(wanted: Wanted) -> Speaker:
    user, password = wanted.setting("user"), wanted.setting("password")
    return espax.CallServer(wanted.manner.beat_every, user, password)


def _scaip(wanted: Wanted) -> Speaker:
    return scaip.Unit(wanted.accounts[0], wanted.manner.beat_every, datagrams=wanted.datagrams)


_SPEAKERS: dict[str, Callable[[Wanted], Speaker]] = {
    "espa444": lambda wanted: espa444.call_system(wanted.manner.beat_every),
    "espa444-listen": lambda wanted: espa444.Overheard(wanted.manner.beat_every),
    "espa444-control": lambda _: espa444.slave(),
    "espax": _espax,
    "scaip": _scaip,
    "dc09": _dc09,
    "surgard": _surgard,
    "ademco685": lambda wanted: ademco685.receiver(wanted.manner.beat_every),
    "modbus": lambda wanted: modbus.InputBoards(modbus.wired(wanted.settings), over_tcp=False),
    "modbus-tcp": lambda wanted: modbus.InputBoards(modbus.wired(wanted.settings), over_tcp=True),
    "esp3": lambda _: RadioGateway(),
    "rfxtrx": lambda wanted: RfxReceiver(wanted.callers, wanted.manner.beat_every),
    "rtl433": lambda wanted: RadioPipe(wanted.manner.beat_every),
}
