"""Boards with buttons and a siren, played by pymodbus' own server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.server.base import ModbusBaseServer
from pymodbus.simulator import DataType, SimData, SimDevice

SOON_S = 20.0
SPEED_BD = 19_200
COILS, DISCRETE, REGISTERS = 1, 2, 4
SIREN = 7
WRITE_COIL, ON = b"\x05", b"\xff\x00"
TCP_LEAD_BYTES = 6
INPUTS = 16
WELL, PRESSED, CUT = 1_000, 2_000, 4_095


class Boards:
    """Board 1 measures loops, board 2 has contacts and a siren.

    `silent`: the one that says nothing. `has_sounded`: the siren was ever told to.
    """

    def __init__(self, lead: int = 0) -> None:
        self.silent = 0
        self.has_sounded = False
        self._lead = lead
        self._server: ModbusBaseServer | None = None

    def devices(self) -> list[SimDevice]:
        def inputs(unit: int) -> SimDevice:
            bits = SimData(0, count=INPUTS, values=False, datatype=DataType.BITS)
            registers = SimData(0, count=INPUTS, values=WELL, datatype=DataType.REGISTERS)
            return SimDevice(unit, ([bits], [bits], [registers], [registers]))

        return [inputs(1), inputs(2)]

    def packet(self, sending: bool, content: bytes) -> bytes:
        """pymodbus shows each packet on its way; an empty one is not sent."""
        frame = content[self._lead :]
        if frame[1:2] == WRITE_COIL and frame[4:6] == ON:
            self.has_sounded = True
        return b"" if sending and self.silent and frame[:1] == bytes((self.silent,)) else content

    async def serve(self, server: ModbusBaseServer) -> None:
        self._server = server
        await server.serve_forever(background=True)

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    async def press(self) -> None:
        await self.measure(PRESSED)

    async def measure(self, value: int) -> None:
        assert self._server is not None
        await self._server.async_setValues(1, REGISTERS, 3, [value])

    async def leave_siren_on(self) -> None:
        assert self._server is not None
        await self._server.async_setValues(2, COILS, SIREN, [True])

    async def siren(self, on: bool) -> None:
        """Until it sounds, or does not."""
        async with asyncio.timeout(SOON_S):
            while on is not await self.sounds():
                await turn()

    async def sounds(self) -> bool:
        assert self._server is not None
        found = await self._server.async_getValues(2, COILS, SIREN, 1)
        assert isinstance(found, list)
        return bool(found[0])

    async def close(self, address: int) -> None:
        assert self._server is not None
        await self._server.async_setValues(2, DISCRETE, address, [True])


@asynccontextmanager
async def boards_over_tcp(port: int = 0) -> AsyncIterator[tuple[Boards, int]]:
    boards = Boards(lead=TCP_LEAD_BYTES)
    server = ModbusTcpServer(
        boards.devices(), address=("127.0.0.1", port), trace_packet=boards.packet
    )
    await boards.serve(server)
    assert isinstance(server.transport, asyncio.Server)  # whatever its own types say
    try:
        yield boards, server.transport.sockets[0].getsockname()[1]
    finally:
        await boards.stop()


@asynccontextmanager
async def boards_on(port: Path) -> AsyncIterator[Boards]:
    boards = Boards()
    server = ModbusSerialServer(
        boards.devices(), port=str(port), baudrate=SPEED_BD, trace_packet=boards.packet
    )
    await boards.serve(server)
    try:
        yield boards
    finally:
        await boards.stop()


async def turn() -> None:
    """One turn of the loop."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.005, done.set_result, None)
    await done
