"""The clients others will use are at home on our listener: paho, aiomqtt, mosquitto's tools."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiomqtt
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from devices.mqtt.packets import Puback, Publish
from gateway.links.mqtt_sockets import ListenerSettings
from tests.support.certificates import certificate
from tests.support.mqtt import OBSERVER, PATIENCE_S, PREFIX, BareClient, SmallSite, listening

pytestmark = pytest.mark.shell

UP = f"{PREFIX}/badge-anna/up"
DOWN = f"{PREFIX}/badge-anna/down"
STATUS = f"{PREFIX}/badge-anna/status"


# -- aiomqtt ----------------------------------------------------------------------------------


async def test_aiomqtt_presses_and_is_paged() -> None:
    site = SmallSite()
    async with listening(site) as listener, as_anna(listener.port) as anna:
        await anna.publish(UP, b"press", qos=1)
        assert site.payloads() == [b"press"]
        await anna.subscribe(DOWN, qos=1)
        told = asyncio.Event()
        assert listener.publish(DOWN, b"page", on_ack=told.set) == 1
        message = await asyncio.wait_for(anext(aiter(anna.messages)), PATIENCE_S)
        assert (str(message.topic), message.payload, message.qos) == (DOWN, b"page", 1)
        await asyncio.wait_for(told.wait(), PATIENCE_S)


async def test_aiomqtt_publishes_at_every_qos_and_many_at_once() -> None:
    site = SmallSite()
    async with listening(site) as listener, as_anna(listener.port) as anna:
        async with asyncio.TaskGroup() as group:
            for number in range(300):
                group.create_task(anna.publish(UP, b"%d" % number, qos=number % 3))
        await site.until(lambda: len(site.committed) == 300)
        assert sorted(map(int, site.payloads())) == list(range(300))


async def test_aiomqtt_is_told_of_a_wrong_password() -> None:
    async with listening(SmallSite()) as listener:
        client = aiomqtt.Client(
            "127.0.0.1", listener.port or 0, username="badge-anna", password="guess"
        )
        with pytest.raises(aiomqtt.MqttError, match=r"ad user name or password"):
            await client.__aenter__()


async def test_aiomqtt_wildcards_retained_and_will() -> None:
    site = SmallSite()
    will = aiomqtt.Will(STATUS, b"offline", qos=1, retain=True)
    async with listening(site) as listener:
        async with as_anna(listener.port, will=will) as anna:
            await anna.publish(STATUS, b"online", qos=1, retain=True)
            async with client_of(OBSERVER, listener.port) as observer:
                await observer.subscribe("tilkald/+/+/status", qos=2)
                messages = aiter(observer.messages)
                first = await asyncio.wait_for(anext(messages), PATIENCE_S)
                assert (first.payload, first.retain, first.qos) == (b"online", True, 1)
                assert listener.disconnect("badge-anna", "for the test") == 1
                second = await asyncio.wait_for(anext(messages), PATIENCE_S)
                assert (second.payload, second.retain) == (b"offline", False)
            with pytest.raises(aiomqtt.MqttError):
                await anna.publish(UP, b"x", qos=1)


# -- paho -------------------------------------------------------------------------------------


async def test_paho_with_a_persistent_session_gets_what_it_missed() -> None:
    site = SmallSite()
    async with listening(site) as listener:
        first = PahoAnna(listener.port)
        await asyncio.to_thread(first.start)
        first.client.subscribe(DOWN, 1)
        await site.until(lambda: bool(site.subscriptions))
        await asyncio.to_thread(first.stop)
        await site.until(lambda: len(site.goings) == 1)
        assert listener.publish(DOWN, b"missed") == 0
        second = PahoAnna(listener.port)
        await asyncio.to_thread(second.start)
        assert await asyncio.wait_for(second.messages.get(), PATIENCE_S) == b"missed"
        assert second.session_present
        await asyncio.to_thread(second.stop)


async def test_paho_is_answered_only_after_the_commit() -> None:
    site = SmallSite()
    site.commits.clear()
    async with listening(site) as listener:
        anna = PahoAnna(listener.port)
        await asyncio.to_thread(anna.start)
        press = anna.client.publish(UP, b"press", qos=1)
        await site.until(lambda: len(site.messages) == 1)
        await asyncio.to_thread(press.wait_for_publish, 0.2)
        assert not press.is_published()
        site.commits.set()
        await asyncio.to_thread(press.wait_for_publish, PATIENCE_S)
        assert press.is_published()
        await asyncio.to_thread(anna.stop)


async def test_paho_with_3_1_is_let_in_and_with_5_is_refused() -> None:
    site = SmallSite()
    async with listening(site) as listener:
        old = PahoAnna(listener.port, MQTTProtocolVersion.MQTTv31)
        await asyncio.to_thread(old.start)
        await asyncio.to_thread(old.stop)
        new = PahoAnna(listener.port, MQTTProtocolVersion.MQTTv5)
        await asyncio.to_thread(new.start)
        await asyncio.to_thread(new.stop)
        assert (str(old.answer), str(new.answer)) == ("Success", "Unsupported protocol version")


async def test_a_quiet_paho_stays_connected_where_a_silent_client_is_given_up() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as silent:
        anna = PahoAnna(listener.port, keep_alive_s=1)
        await asyncio.to_thread(anna.start)
        await silent.log_in("badge-bo", keep_alive_s=1)
        assert await silent.is_closed()
        [(who, _, why)] = site.goings
        assert who == "badge-bo"
        assert why.startswith("silent for")
        await asyncio.to_thread(anna.stop)


# -- mosquitto's tools ------------------------------------------------------------------------


async def test_mosquitto_pub_presses_at_every_qos() -> None:
    site = SmallSite()
    async with listening(site) as listener:
        for qos in "012":
            await mosquitto("mosquitto_pub", listener.port, "-q", qos, "-t", UP, "-m", f"qos {qos}")
        await site.until(lambda: len(site.messages) == 3)
        assert site.payloads() == [b"qos 0", b"qos 1", b"qos 2"]


async def test_mosquitto_pub_waits_for_the_commit() -> None:
    site = SmallSite()
    site.commits.clear()
    async with listening(site) as listener:
        pressing = asyncio.create_task(
            mosquitto("mosquitto_pub", listener.port, "-q", "1", "-t", UP, "-m", "press")
        )
        await site.until(lambda: len(site.messages) == 1)
        assert not pressing.done()
        site.commits.set()
        await pressing


async def test_mosquitto_sub_gets_retained_and_new_messages() -> None:
    site = SmallSite()
    async with listening(site) as listener:
        listener.publish(DOWN, b"state", retain=True)
        reading = asyncio.create_task(
            mosquitto("mosquitto_sub", listener.port, "-q", "1", "-t", DOWN, "-C", "2")
        )
        await site.until(lambda: bool(site.subscriptions))
        assert listener.publish(DOWN, b"page") == 1
        assert await reading == "state\npage\n"


async def test_mosquitto_with_a_wrong_password_is_told_so() -> None:
    async with listening(SmallSite()) as listener:
        code, said = await run_mosquitto(
            "mosquitto_pub", listener.port, "guess", "-t", UP, "-m", "x"
        )
        assert code != 0
        assert "not authorised" in said or "bad user name or password" in said


# -- TLS --------------------------------------------------------------------------------------


async def test_tls_works_with_aiomqtt_mosquitto_and_split_packets(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(cert))
    settings = ListenerSettings(port=None, tls_port=0, tls_cert=cert, tls_key=key)
    site = SmallSite()
    async with listening(site, settings) as listener:
        assert listener.port is None
        async with client_of("badge-anna", listener.tls_port, tls=trust, host="localhost") as anna:
            await anna.publish(UP, b"aiomqtt", qos=1)
        async with BareClient(listener.tls_port, trust) as anna:
            await anna.log_in("badge-anna")
            await anna.send(Publish(UP, b"x" * 60_000, qos=1, packet_id=1))
            assert await anna.receive() == Puback(1)
        options = ("--cafile", str(cert), "-q", "1", "-t", UP, "-m", "mosquitto")
        await mosquitto("mosquitto_pub", listener.tls_port, *options, host="localhost")
        assert site.payloads() == [b"aiomqtt", b"x" * 60_000, b"mosquitto"]


async def test_plain_bytes_on_the_tls_port_harm_nobody(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    settings = ListenerSettings(port=None, tls_port=0, tls_cert=cert, tls_key=key)
    async with listening(SmallSite(), settings) as listener:
        async with BareClient(listener.tls_port) as client:
            await client.send_bytes(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a")
            assert await ends_without_an_answer(client)
        trust = ssl.create_default_context(cafile=str(cert))
        async with BareClient(listener.tls_port, trust) as anna:
            await anna.log_in("badge-anna")


# ---------------------------------------------------------------------------------------------


@asynccontextmanager
async def client_of(
    username: str,
    port: int | None,
    *,
    will: aiomqtt.Will | None = None,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> AsyncIterator[aiomqtt.Client]:
    client = aiomqtt.Client(
        host,
        port or 0,
        identifier=username,
        username=username,
        password=f"secret-{username}",
        will=will,
        tls_context=tls,
        protocol=aiomqtt.ProtocolVersion.V311,
        max_queued_outgoing_messages=0,
    )
    await client.__aenter__()
    try:
        yield client
    finally:
        try:
            await client.__aexit__(None, None, None)
        except aiomqtt.MqttError:
            # A test that cuts the line leaves nothing to say goodbye on.
            pass


def as_anna(
    port: int | None, *, will: aiomqtt.Will | None = None
) -> AbstractAsyncContextManager[aiomqtt.Client]:
    return client_of("badge-anna", port, will=will)


class PahoAnna:
    """Anna's badge on paho's threaded client; what it hears comes back to the test's loop."""

    def __init__(
        self,
        port: int | None,
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
        keep_alive_s: int = 60,
    ) -> None:
        kept = None if protocol == MQTTProtocolVersion.MQTTv5 else False
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, "badge-anna", clean_session=kept, protocol=protocol
        )
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.answer: object = None
        self.session_present = False
        self._port = port or 0
        self._keep_alive_s = keep_alive_s
        self._loop = asyncio.get_running_loop()
        self._answered = threading.Event()
        self.client.username_pw_set("badge-anna", "secret-badge-anna")
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message

    def start(self) -> None:
        self.client.connect("127.0.0.1", self._port, self._keep_alive_s)
        self.client.loop_start()
        assert self._answered.wait(PATIENCE_S)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(
        self,
        client: paho.Client,
        userdata: object,
        flags: paho.ConnectFlags,
        reason: object,
        properties: object,
    ) -> None:
        self.answer, self.session_present = reason, flags.session_present
        self._answered.set()

    def _on_message(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self.messages.put_nowait, bytes(message.payload))


async def mosquitto(program: str, port: int | None, *options: str, host: str = "127.0.0.1") -> str:
    """Run one of mosquitto's clients as Anna's badge to its end; what it printed."""
    code, said = await run_mosquitto(program, port, "secret-badge-anna", *options, host=host)
    assert code == 0, said
    return said


async def run_mosquitto(
    program: str, port: int | None, password: str, *options: str, host: str = "127.0.0.1"
) -> tuple[int | None, str]:
    if shutil.which(program) is None:
        missing = f"{program} is missing: install Debian's mosquitto-clients to run this test"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    login = ("-h", host, "-p", str(port), "-u", "badge-anna", "-P", password)
    running = await asyncio.create_subprocess_exec(
        program, *login, *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(running.communicate(), 4 * PATIENCE_S)
    return running.returncode, said.decode()


async def ends_without_an_answer(client: BareClient) -> bool:
    """Whether nothing of MQTT came back (a TLS alert may)."""
    received = await asyncio.wait_for(client._reader.read(), PATIENCE_S)
    return not received.startswith(b"\x20")
