"""The service's staff API as a client sees it: only what a drill reads, everything else ignored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import httpx
import msgspec

from core.errors import PeerError

API_WAIT_S = 5.0
PAGES_MAX = 20


class PresserSeen(msgspec.Struct, frozen=True):
    device: str
    person: str | None = None
    presses: int = 1


class PlaceSeen(msgspec.Struct, frozen=True):
    zone: str | None = None
    label: str = ""


class CallSeen(msgspec.Struct, frozen=True):
    person: str
    standpoint: str = ""
    expected_s: float | None = None
    unusual: tuple[str, ...] = ()


class ClosingSeen(msgspec.Struct, frozen=True):
    by: str = ""
    cause: str = ""


class AlarmSeen(msgspec.Struct, frozen=True):
    """One alarm. `times` by the names of `measure.MEANINGS`, wall clock."""

    id: str
    open: bool
    pressers: tuple[PresserSeen, ...]
    times: dict[str, datetime | None]
    calls: tuple[CallSeen, ...] = ()
    technical: bool = False
    place: PlaceSeen = PlaceSeen()
    text: str = ""
    closing: ClosingSeen | None = None
    rev: int = 0
    wake_why: str | None = None


class DeviceSeen(msgspec.Struct, frozen=True):
    device: str
    state: str = ""


class PersonSeen(msgspec.Struct, frozen=True):
    person: str
    first_name: str = ""
    duty: str | None = None
    on_shift: bool = False
    devices: tuple[DeviceSeen, ...] = ()


class _Alarms(msgspec.Struct, frozen=True):
    alarms: tuple[AlarmSeen, ...]
    cursor: str | None = None


class _People(msgspec.Struct, frozen=True):
    people: tuple[PersonSeen, ...]


Shape = TypeVar("Shape")


class StaffApi:
    """`where` gives URL and token anew each time: a service that restarted may have new ones."""

    def __init__(self, where: Callable[[], tuple[str, str]]) -> None:
        self._where = where
        self._client = httpx.AsyncClient(timeout=API_WAIT_S, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def alarms(self) -> tuple[AlarmSeen, ...]:
        """Every alarm, newest first. Raises PeerError while the service does not answer."""
        found: list[AlarmSeen] = []
        cursor: str | None = None
        for _ in range(PAGES_MAX):
            query = {} if cursor is None else {"cursor": cursor}
            page = _read(await self._get("alarms", query), _Alarms)
            found.extend(page.alarms)
            cursor = page.cursor
            if cursor is None:
                break
        return tuple(found)

    async def people(self) -> tuple[PersonSeen, ...]:
        """Everybody, as the console shows them. Raises PeerError."""
        return _read(await self._get("people", {}), _People).people

    async def _get(self, what: str, query: dict[str, str]) -> bytes:
        url, token = self._where()
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answer = await self._client.get(
                f"{url.rstrip('/')}/api/v1/{what}", params=query, headers=headers
            )
        except httpx.HTTPError as trouble:
            raise PeerError(f"the staff API did not answer: {trouble!r}") from trouble
        if answer.status_code != httpx.codes.OK:
            raise PeerError(f"the staff API answered {answer.status_code} to {what}")
        return answer.content


def _read(content: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.MsgspecError as wrong:
        raise PeerError(f"the staff API said something unexpected: {wrong}") from wrong
