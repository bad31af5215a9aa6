"""Our control station against the paging side of digimat-espa 0.1.17, over a cable of 9,600 baud.

It takes one character every 100 ms and throws away what it had when a character is not the one it
waits for. So our `<EOT>` costs it its buffer, and `settle` gives it the time to come back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import ServiceClock
from devices.callsystems.espa444.control import ControlSession
from devices.callsystems.espa444.settings import CONTROL_STATION, PAGING_SIDE, EspaLine
from firmware_sim.speakers.cables import SerialCable
from firmware_sim.speakers.espa444 import EspaEnd
from firmware_sim.speakers.far_end import FarEnd
from firmware_sim.speakers.ports import Call
from tests.support.interplay import SOON_S, package

pytestmark = [pytest.mark.shell, pytest.mark.filterwarnings("ignore:isSet.. is deprecated")]

SPEED_BD = 9_600
SETTLE = timedelta(seconds=0.6)


async def test_it_reads_our_calls_each_once_and_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _pagers(tmp_path, monkeypatch) as pagers:
        for number, room in enumerate(("0815", "12")):
            pagers.far_end.call(Call(number, room))
        await pagers.take(2)
        assert [notice.data for notice in pagers.notified()] == [
            {"1": "0815", "2": "Kald 0815", "3": "1", "4": "3", "5": "1", "6": "1"},
            {"1": "12", "2": "Kald 12", "3": "1", "4": "3", "5": "1", "6": "1"},
        ]


async def test_what_it_refuses_is_never_called_taken_and_is_said_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _pagers(tmp_path, monkeypatch, spoilt=1) as pagers:
        pagers.far_end.call(Call(1, "0815"))
        await pagers.take(1)
        assert [notice.data["1"] for notice in pagers.notified()] == ["0815"]
        assert pagers.offered == 2, "the spoilt block was given up, and the call offered anew"


# -------------------------------------------------------------------------------------------


class _Pagers:
    """Its server at one end, our control station at the other.

    The first `spoilt` blocks have a wrong check character.
    """

    def __init__(self, port: Path, spoilt: int) -> None:
        self.server: Any = None
        self.offered = 0
        self._port = port
        self._spoilt = spoilt
        self._took: asyncio.Queue[Call] = asyncio.Queue()
        # No station is polled: its server takes `2<ENQ>` for a slip, and starts from anew.
        self._session = ControlSession(EspaLine(own=CONTROL_STATION, stations=(), settle=SETTLE))
        self.far_end = FarEnd(
            EspaEnd(self._session, self._offer),
            SerialCable(port, SPEED_BD),
            ServiceClock(),
            self._took.put_nowait,
        )

    async def start(self) -> None:
        """The cable first: a port that is not there yet its server tries again after 15 s."""
        await self.far_end.start()
        espa = package("digimat.espa.espa", "digimat-espa")
        links = package("digimat.espa.link", "digimat-espa")
        link = links.LinkSerial("line", str(self._port), SPEED_BD)
        # Its log would go to a socket; nothing it says is that critical.
        self.server = espa.Server(link, logLevel=logging.CRITICAL)
        self.server.start()

    async def close(self) -> None:
        if self.server is not None:
            await asyncio.to_thread(self.server.waitForExit)
        await self.far_end.close()

    async def take(self, count: int) -> None:
        """Until it has acknowledged so many calls."""
        async with asyncio.timeout(2 * SOON_S):
            for _ in range(count):
                await self._took.get()

    def notified(self) -> list[Any]:
        """What it would hand to its pagers."""
        return list(iter(self.server.getNotification, None))

    def _offer(self, block: bytes, now: datetime) -> int:
        self.offered += 1
        if self.offered <= self._spoilt:
            block = block[:-1] + bytes((block[-1] ^ 0xFF,))
        return self._session.offer(block, PAGING_SIDE, now)


@asynccontextmanager
async def _pagers(
    folder: Path, monkeypatch: pytest.MonkeyPatch, spoilt: int = 0
) -> AsyncIterator[_Pagers]:
    _make_it_decode(monkeypatch)
    pagers = _Pagers(folder / "line", spoilt)
    try:
        await pagers.start()
        yield pagers
    finally:
        await pagers.close()


def _make_it_decode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this it reads no block at all: it splits bytes by text, which only Python 2 did.

    It holds each character as UTF-8, so that is what its buffer is. (Its notices then call
    record 1, the address, "message", and record 2, the message, "call address".)
    """
    server = package("digimat.espa.espa", "digimat-espa").MessageServer
    decode = server.decodeBuffer
    monkeypatch.setattr(server, "decodeBuffer", lambda self, held: decode(self, held.decode()))
