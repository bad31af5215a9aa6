"""Devices played by programs others wrote: dc09-spt, sipp and the enocean package.

What is odd about them stands where it is met, with the version.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from tests.support.interplay import SOON_S, package, program

SCENARIOS = Path(__file__).parents[1] / "interplay" / "sipp"
SCAIP = "application/scaip+xml"

RPS, BS1 = 0xF6, 0xD5


@asynccontextmanager
async def dialler(account: str, port: int, transport: str = "tcp") -> AsyncIterator[Any]:
    """dc09-spt 0.0.4: a DC-09 dialler with its own threads, queue and retries.

    Encryption is left out: dc09-spt 0.0.4 hands its cipher texts, which no Python 3 takes.
    """
    made = package("dc09_spt.dc09_spt", "dc09-spt").dc09_spt(account)
    made.set_path("main", "primary", "127.0.0.1", port, type=transport)
    try:
        yield made
    finally:
        await asyncio.to_thread(made.stop_poll)
        await asyncio.to_thread(_end, made)


async def has_sent(dialler: Any) -> None:
    """Until its queue is empty and its thread has had its acknowledgement."""
    await asyncio.to_thread(dialler.send.join, SOON_S)
    assert not dialler.send.is_alive(), "it still waits for an acknowledgement"
    assert dialler.notSent() == 0
    assert dialler.isConnected()


@dataclass(frozen=True, slots=True)
class SippRun:
    """What one run of sipp left behind: what its scenarios logged, and every message."""

    logged: list[str]
    messages: str

    def heard(self, start: str) -> int:
        """How many messages it was sent began with this line."""
        came = self.messages.split(" message received [")[1:]
        return sum(message.partition("\n\n")[2].startswith(start) for message in came)


async def sipp(
    port: int,
    transport: str,
    scenario: str,
    body: str,
    *,
    media: str = SCAIP,
    receipt: str = "",
    calls: int = 1,
    resends: bool = True,
) -> SippRun:
    """Run a scenario to its end; `receipt` is what happens to messages of ours.

    Not `resends`: sipp sends what its scenario says and no copies of its own.
    """
    found = program("sipp", "sip-tester")
    with TemporaryDirectory() as folder:
        out = Path(folder)
        options = [
            *("-sf", str(SCENARIOS / f"{scenario}.xml"), "-nostdin"),
            *("-i", "127.0.0.1", "-t", "u1" if transport == "udp" else "t1"),
            *("-m", str(calls), "-r", str(10 * calls), "-timeout", "30s", "-timeout_error"),
            *("-key", "mrq", body, "-key", "type", media),
            *("-trace_msg", "-message_file", str(out / "messages")),
            *("-trace_logs", "-log_file", str(out / "logs")),
        ]
        if receipt:
            options += ["-oocsf", str(SCENARIOS / f"{receipt}.xml")]
        if not resends:
            options += ["-nr"]
        running = await asyncio.create_subprocess_exec(
            found,
            *options,
            f"127.0.0.1:{port}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=out,
        )
        _, said = await asyncio.wait_for(running.communicate(), 2 * SOON_S)
        assert running.returncode == 0, said.decode()
        logs = out / "logs"
        return SippRun(
            logs.read_text().splitlines() if logs.exists() else [],
            (out / "messages").read_text(),
        )


class RadioReceiver:
    """A receiver on a serial line, played by the communicator of enocean 0.60.1."""

    def __init__(self, port: Path, sender: list[int]) -> None:
        serial = package("enocean.communicators.serialcommunicator", "enocean")
        self._packets = package("enocean.protocol.packet", "enocean")
        self._sender = sender
        self._communicator = serial.SerialCommunicator(port=str(port))

    def transmits(self, **values: int) -> None:
        """A telegram of two rockers, F6-02-02."""
        self.transmits_as((RPS, 2, 2), **values)

    def transmits_as(self, profile: tuple[int, int, int], /, **values: int) -> None:
        """A telegram as its profile has it."""
        rorg, function, kind = profile
        packet = self._packets.RadioPacket.create(
            rorg=rorg,
            rorg_func=function,
            rorg_type=kind,
            sender=self._sender,
            destination=[0xFF, 0xFF, 0xFF, 0xFF],
            **values,
        )
        assert self._communicator.send(packet)

    async def is_asked(self) -> Any:
        """The next packet the other side says to it."""
        return await asyncio.to_thread(self._communicator.receive.get, timeout=SOON_S)

    async def __aenter__(self) -> Self:
        self._communicator.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._communicator.stop()
        await asyncio.to_thread(self._communicator.join, SOON_S)


def _end(dialler: Any) -> None:
    """It tries for ever what it could not send, and its thread is no daemon."""
    while dialler.send is not None and dialler.send.is_alive():
        dialler.queue.clear()
        dialler.send.join(0.1)
