"""The port remote gateways come to: who is let in, over real sockets and real TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message

from core import ids, settings
from core.clock import ServiceClock, sleep
from core.errors import ConfigError
from devices.registry import Device, MemoryRegistry, RemoteGateway
from devices.watch import Watch
from dispatcher.web.server import WebServer
from gateway.handover import (
    DOWN_PATH,
    UP_BYTES_MAX,
    UP_PATH,
    Down,
    Part,
    Thanks,
    Up,
)
from gateway.intake import Intake
from gateway.outpost.uplink import Uplink, Way
from gateway.outposts.receiving import RemoteGateways
from gateway.supervision import Supervision
from tests.support.authority import Authority
from tests.support.gateway import StoringDesk
from tilkald import outposts_port as gateways_door
from tilkald.outposts_port import open_door

pytestmark = pytest.mark.shell

TOKEN = "only-for-this-test"
BADGE = Device("badge-anna", "badge", "far", "anna")
SOON_S = 10.0


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN]
)
async def test_nobody_without_the_token_is_let_in(authorization: str | None) -> None:
    async with door() as there, httpx.AsyncClient(trust_env=False) as http:
        headers = {} if authorization is None else {"Authorization": authorization}
        for path in (UP_PATH, DOWN_PATH):
            method = "POST" if path is UP_PATH else "GET"
            url = there.server.url + path.format(gateway="house-b")
            answer = await http.request(method, url, headers=headers, content=b"{}")
            assert answer.status_code == 401
        assert not there.heard


async def test_the_token_opens_its_own_gateways_path_and_no_other() -> None:
    async with door() as there, httpx.AsyncClient(trust_env=False) as http:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        statuses = {}
        for name in ("house-b", "house-c", "house-cert", "nobody", "%2e%2e"):
            url = there.server.url + UP_PATH.format(gateway=name)
            statuses[name] = (await http.post(url, headers=headers, content=b"{}")).status_code
        assert statuses == {
            "house-b": 200,
            "house-c": 401,
            "house-cert": 401,
            "nobody": 401,
            "%2e%2e": 401,
        }


@pytest.mark.parametrize("body", [b"", b"junk", b"[]", b"\xff" * 100, b'{"handed":'])
async def test_a_body_nobody_can_read_is_refused_and_said(body: bytes) -> None:
    async with door() as there:
        assert (await there.posts(body)).status_code == 400
        assert (await there.posts(b"{}")).status_code == 200


async def test_what_is_of_another_version_is_left_out_and_the_rest_is_taken() -> None:
    async with door() as there:
        answer = await there.posts(b'{"connected":["badge-anna",7],"light":"?","future":{"x":1}}')
        assert answer.status_code == 200
        assert there.gateways.is_connected("badge-anna")


async def test_a_body_that_is_too_large_is_refused() -> None:
    async with door() as there:
        assert (await there.posts(b" " * (UP_BYTES_MAX + 1))).status_code == 413


async def test_a_body_that_comes_too_slowly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways_door, "BODY_WITHIN_S", 0.2)

    async def dribbles() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" "
            await sleep(0.05)

    async with door() as there:
        with contextlib.suppress(httpx.HTTPError):
            answer = await there.posts(dribbles())
            assert answer.status_code == 408
        assert (await there.posts(b"{}")).status_code == 200


async def test_a_gateway_that_hangs_up_listens_no_more() -> None:
    async with door() as there, httpx.AsyncClient(trust_env=False) as http:
        await there.posts(b'{"connected":["badge-anna"]}')
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = there.server.url + DOWN_PATH.format(gateway="house-b")
        for _ in range(2):
            async with http.stream("GET", url, headers=headers) as answer:
                lines = answer.aiter_lines()
                assert '"part"' in await anext(lines)
                assert there.gateways.tell("badge-anna", b"page")
                assert '"badge-anna"' in await anext(lines)
            async with asyncio.timeout(SOON_S):
                while there.gateways.tell("badge-anna", b"page"):
                    await sleep(0.01)


async def test_a_token_holds_so_many_streams_that_it_does_not_take_and_no_more() -> None:
    """Each holds a whole configuration in memory until the port's limit in time ends it."""
    async with door() as there:
        app = gateways_door.GatewaysDoor(there.gateways).app()
        most = gateways_door.DOWN_STREAMS_MAX
        untaken = [Untaken(app, "house-b") for _ in range(most + 1)]
        assert [await one.status() for one in untaken] == [200] * most + [429]
        other = Untaken(app, "house-c", "another")
        assert await other.status() == 200, "each has its own"
        await untaken[0].dropped()
        again = Untaken(app, "house-b")
        assert await again.status() == 200
        for one in (*untaken, other, again):
            await one.dropped()


async def test_a_stop_of_the_service_waits_for_no_stream() -> None:
    async with door() as there, httpx.AsyncClient(trust_env=False) as http:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = there.server.url + DOWN_PATH.format(gateway="house-b")
        async with http.stream("GET", url, headers=headers) as answer:
            assert '"part"' in await anext(answer.aiter_lines())
            async with asyncio.timeout(2):
                await there.server.stop()


def test_plain_beyond_loopback_is_refused() -> None:
    async def opened() -> None:
        loaded = settings.load(gateways_port=0, gateways_bind="0.0.0.0")
        await open_door(loaded, cast(RemoteGateways, None))

    with pytest.raises(ConfigError, match="needs TLS"):
        asyncio.run(opened())


# Certificates


async def test_a_certificate_of_the_sites_authority_opens_the_path_of_its_name(
    tmp_path: Path,
) -> None:
    ours = Authority(tmp_path / "ours")
    async with door(ours) as there:
        assert await there.shown(ours, ours.vouch_for("house-cert"), "house-cert") == 200
        assert await there.shown(ours, ours.vouch_for("house-x"), "house-cert") == 401
        assert await there.shown(ours, ours.vouch_for("house-cert"), "house-b") == 401
        assert await there.shown(ours, None, "house-cert") == 401
        assert await there.shown(ours, None, "house-b", TOKEN) == 200


async def test_a_certificate_of_another_authority_does_not_get_as_far(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    async with door(ours) as there:
        with pytest.raises((httpx.TransportError, ssl.SSLError)):
            await there.shown(ours, theirs.vouch_for("house-cert"), "house-cert")
        assert await there.shown(ours, ours.vouch_for("house-cert"), "house-cert") == 200


async def test_a_certificate_without_an_authority_that_is_trusted_here_shows_nothing(
    tmp_path: Path,
) -> None:
    ours = Authority(tmp_path / "ours")
    async with door(ours, trusts=False) as there:
        assert await there.shown(ours, ours.vouch_for("house-cert"), "house-cert") == 401


async def test_the_way_up_over_certificates_says_in_words_what_is_wrong(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    certificate, key = ours.vouch_for("house-cert")
    async with door(ours) as there:
        url = there.server.url
        good = Way(url, "house-cert", "", ours.certificate, certificate, key)
        assert await outcome(good) == "thanked"
        distrusted = Way(url, "house-cert", "", theirs.certificate, certificate, key)
        assert "CERTIFICATE_VERIFY_FAILED" in await outcome(distrusted)
        wrong = Way(url, "house-b", "another", ours.certificate)
        assert "not this token" in await outcome(wrong)


def test_a_certificate_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "junk.pem").write_text("junk")
    for way in (
        Way("https://127.0.0.1:1", "house-b", "", tmp_path / "junk.pem"),
        Way("https://127.0.0.1:1", "house-b", "", tmp_path / "none.pem"),
        Way("https://127.0.0.1:1", "house-b", "", None, tmp_path / "junk.pem"),
    ):
        with pytest.raises(ConfigError, match="PEM"):
            Uplink(way, Listener())


@pytest.mark.parametrize("url", ["https://[", "https://a b", "http://host:port", "https://"])
def test_an_address_that_is_none_is_one_clear_line(url: str) -> None:
    with pytest.raises(ConfigError, match="no address"):
        Uplink(Way(url, "house-b", "t"), Listener())


# The door and who knocks


@dataclass
class There:
    server: WebServer
    gateways: RemoteGateways
    desk: StoringDesk

    @property
    def heard(self) -> bool:
        return any(one.heard is not None for one in self.gateways.standing())

    async def posts(self, body: bytes | AsyncIterator[bytes]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = self.server.url + UP_PATH.format(gateway="house-b")
        async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
            return await http.post(url, content=body)

    async def shown(
        self,
        trusted: Authority,
        certificate: tuple[Path, Path] | None,
        gateway: str,
        token: str = "",
    ) -> int:
        """The status a gateway gets that shows this certificate."""
        context = ssl.create_default_context(cafile=trusted.certificate)
        if certificate is not None:
            context.load_cert_chain(*certificate)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient(verify=context, trust_env=False, headers=headers) as http:
            url = self.server.url + UP_PATH.format(gateway=gateway)
            return (await http.post(url, content=b"{}")).status_code


class Untaken:
    """A stream down whose other end takes nothing, as the app sees it."""

    def __init__(self, app: Starlette, gateway: str, token: str = TOKEN) -> None:
        self._begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": "GET",
            "path": DOWN_PATH.format(gateway=gateway),
            "query_string": b"",
            "headers": [(b"authorization", f"Bearer {token}".encode())],
            "client": ("127.0.0.1", 1),
        }
        self._request = asyncio.create_task(app(scope, self._receive, self._send))

    async def status(self) -> int:
        async with asyncio.timeout(SOON_S):
            return await self._begun

    async def dropped(self) -> None:
        """The port has ended the connection."""
        self._request.cancel()
        await asyncio.gather(self._request, return_exceptions=True)

    async def _receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError("it says nothing more")

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun.set_result(message["status"])
        elif message["body"]:
            await asyncio.Event().wait()  # nobody takes it


@dataclass
class Listener:
    """`gateway.outpost.uplink.LocalSide` with nothing to say."""

    happened: asyncio.Event = field(default_factory=asyncio.Event)
    what: str = ""

    async def up(self) -> Up:
        return Up()

    def waits(self) -> bool:
        return False

    def thanked(self, thanks: Thanks) -> None:
        self.what = "thanked"
        self.happened.set()

    def failed(self, why: str) -> None:
        self.what = why
        self.happened.set()

    def came(self, down: Down) -> None: ...

    def unreadable(self, why: str) -> None: ...

    def opened(self) -> None: ...


async def outcome(way: Way) -> str:
    house = Listener()
    running = asyncio.create_task(Uplink(way, house).run())
    async with asyncio.timeout(SOON_S):
        await house.happened.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return house.what


@contextlib.asynccontextmanager
async def door(authority: Authority | None = None, *, trusts: bool = True) -> AsyncIterator[There]:
    clock, desk = ServiceClock(), StoringDesk()
    supervision = Supervision(Watch(), desk, clock)
    intake = Intake(desk, MemoryRegistry([BADGE]), clock, supervision, {})

    async def never(identity: str) -> bool:
        return False

    gateways = RemoteGateways(clock, intake, supervision, desk.device_subscribed, never)
    part = Part(1, "far", devices=(BADGE,))
    known = (
        RemoteGateway("house-b", "far", ids.hashed(TOKEN)),
        RemoteGateway("house-c", "far", ids.hashed("another")),
        RemoteGateway("house-cert", "far"),
    )
    gateways.configure((one, part) for one in known)
    certificate, key = authority.vouch_for("127.0.0.1") if authority else (None, None)
    server = await open_door(
        settings.load(
            gateways_port=0,
            gateways_tls_cert=certificate,
            gateways_tls_key=key,
            gateways_client_ca=authority.certificate if authority and trusts else None,
        ),
        gateways,
    )
    assert server is not None
    try:
        yield There(server, gateways, desk)
    finally:
        await server.stop()
