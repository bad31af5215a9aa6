"""What remote gateways hand over, taken in once each, and nothing left out.

A record that cannot be read, or over which we make a mistake, is kept as bytes and raised as a call
for help: it was accepted there as something that matters, and it may be one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

import msgspec

from core.errors import StoreUnavailable
from core.log import logger
from core.log_line import told
from core.signals import AlarmKind, Reading, SignalType
from devices.registry import RemoteGateway
from gateway.handover import Handed, Record, aged
from gateway.intake import RAW_BYTES_MAX, Intake, IsStored, Lateness
from gateway.trust import Trust

PROTOCOL = "gateway"

TAKEN_MAX = 2_000
"""Records of one gateway that are known again when they come a second time; its last requests."""

_RECORDS = msgspec.json.Decoder(Record)
_Tasks = dict[bytes, asyncio.Task[bool]]


class HandedOver:
    """The records of all gateways. `is_stored` asks the store about an identity."""

    def __init__(self, intake: Intake, is_stored: IsStored) -> None:
        self._intake = intake
        self._is_stored = is_stored
        self._taken: dict[str, _Tasks] = {}
        self._log = logger("gateway.receiving")

    async def take(
        self, gateway: RemoteGateway, records: Sequence[Handed], trust: Trust
    ) -> tuple[int, ...]:
        """The numbers of what is committed; one given twice only if both are."""
        tasks = [self._task(gateway, handed, trust) for handed in records]
        if tasks:
            await asyncio.wait(tasks)
        kept: dict[int, bool] = {}
        for handed, task in zip(records, tasks, strict=True):
            is_kept = await self._outcome(gateway, handed, task)
            kept[handed.number] = kept.get(handed.number, True) and is_kept
        return tuple(number for number, is_kept in kept.items() if is_kept)

    def forget(self, gateway: str) -> None:
        """Forget a gateway that is no more."""
        self._taken.pop(gateway, None)

    async def close(self) -> None:
        """Begin nothing more. What intake has is committed; nobody was thanked for the rest."""
        tasks = [task for some in self._taken.values() for task in some.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _task(self, gateway: RemoteGateway, handed: Handed, trust: Trust) -> asyncio.Task[bool]:
        """The same record again, because our answer came too late or not at all, is the same task.

        Its bytes hold the moment it was heard: no other press is written like it.
        """
        tasks = self._taken.setdefault(gateway.id, {})
        name = hashlib.blake2b(handed.record, digest_size=16).digest()
        task = tasks.get(name)
        if task is None:
            if len(tasks) >= TAKEN_MAX:
                del tasks[next(iter(tasks))]
            task = tasks[name] = asyncio.create_task(self._take(gateway, handed, trust))
            task.add_done_callback(lambda done: _forget_failed(tasks, name, done))
        return task

    async def _outcome(
        self, gateway: RemoteGateway, handed: Handed, task: asyncio.Task[bool]
    ) -> bool:
        error = task.exception()
        if error is None:
            return task.result()
        self._log.error("a record could not be taken", number=handed.number, error=error)
        return await self._raised(gateway, handed, f"a mistake of ours: {told(error)}")

    async def _take(self, gateway: RemoteGateway, handed: Handed, trust: Trust) -> bool:
        try:
            record = _RECORDS.decode(handed.record)
        except msgspec.MsgspecError as wrong:
            return await self._raised(gateway, handed, str(wrong))
        if record.raw is not None:
            raw = record.raw
            return await self._intake.keep(
                raw.protocol, raw.sender, raw.why, raw.content, gateways_of=gateway.site
            )
        if record.signal is None:
            return await self._raised(gateway, handed, "it is neither a signal nor bytes")
        age = aged(handed.age_s)
        pressed = None if handed.pressed_s is None else max(aged(handed.pressed_s), age)
        is_stored = self._is_surely_stored if handed.old else None
        late = Lateness(age, pressed)
        return await self._intake.take_over(record.signal, late, is_stored, gateway.site, trust)

    async def _is_surely_stored(self, identity: str) -> bool:
        """A store that does not answer says nothing: then it is a press like any other."""
        try:
            return await self._is_stored(identity)
        except StoreUnavailable:
            return False

    async def _raised(self, gateway: RemoteGateway, handed: Handed, why: str) -> bool:
        content = bytes(handed.record)
        reading = Reading(
            PROTOCOL,
            gateway.id,
            SignalType.ALARM,
            AlarmKind.UNKNOWN,
            text=f"a message of {gateway.id} that this version cannot read",
            seq=handed.number,
            boot=hashlib.blake2b(content, digest_size=8).hexdigest(),
            age=aged(handed.age_s),
            raw=content[:RAW_BYTES_MAX],
        )
        kept = await self._intake.keep(PROTOCOL, gateway.id, why, content, here=True)
        return kept and await self._intake.take(reading, site=gateway.site)


def _forget_failed(tasks: _Tasks, name: bytes, done: asyncio.Task[bool]) -> None:
    """What is not committed is to be tried again; what failed is asked for by `_outcome`."""
    if done.cancelled() or done.exception() is not None or not done.result():
        tasks.pop(name, None)
