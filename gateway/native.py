"""Native devices behind our own MQTT listener: who may log in, what a topic means, what is told.

Implements `gateway.links.ports.Application`. A device's topics all begin with its own name, so one
pattern guards them; it may not publish on `down`, which is ours to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial

from core import metrics
from core.clock import Clock
from core.errors import PeerError
from core.log import logger
from core.signals import Owed, Taken
from devices.buttons.native import codec
from devices.buttons.native.topics import DOWN, own_leaf, placed
from devices.catalogue import kind
from devices.findings import OWN_LINE, Finding, Trouble
from devices.registry import NATIVE, Registry
from gateway.intake import Called, Intake
from gateway.links.mqtt_line import MqttLine
from gateway.links.ports import Login, MqttListener, Published
from gateway.logins import Logins
from gateway.oddities import UNKNOWN
from gateway.ports import Desk, Supervises
from gateway.showing import Showing

EVENTS = "events"
"""Where the far end of a line publishes what it hears."""

TWO_CLAIM = "two_claim"
"""What the listener calls three take-overs of one device's connection in a minute."""

MISPLACED = "topic_without_right"
"""What the listener calls a message on a topic that is not its sender's to publish on."""

NOTICED = (
    *("refused_login", TWO_CLAIM, "too_many_connections", "oversize"),
    *(MISPLACED, "filter_without_right", "too_many_filters", "will_without_right"),
    *("retained_full", "dropped_message", "dropped_session"),
    *("bad_packet", "no_connect", "refused_version", "slow_reader", "unkept"),
)
"""What may stand in the counter's label and in the log."""

_UNPROVEN = (
    *("refused_login", "client_id_taken", "too_many_connections"),
    *("no_connect", "refused_version"),
)
"""What is noticed of somebody who has not proven who they are, whatever name they give."""

_OF_OURS = (
    *("refused_login", TWO_CLAIM, "too_many_connections", "too_many_filters"),
    *("slow_reader", "no_connect", "refused_version"),
)
"""Of these the detail is all our own words; of others it may hold a topic, an id or a text."""


class Native:
    """The application behind the listener. `listening` joins the two before anybody connects."""

    def __init__(
        self,
        prefix: str,
        registry: Registry,
        clock: Clock,
        desk: Desk,
        intake: Intake,
        supervision: Supervises,
    ) -> None:
        """`prefix` without a slash at its end, e.g. `tilkald/v1`."""
        self._prefix = prefix
        self._registry = registry
        self._clock = clock
        self._desk = desk
        self._intake = intake
        self._supervision = supervision
        self._logins = Logins(registry)
        self._showing = Showing(desk.device_subscribed, clock.now, _later)
        self._listener: MqttListener | None = None
        self._connections: dict[str, int] = {}
        self._tasks: dict[asyncio.Task[bool], None] = {}
        self._line_of: Callable[[str], MqttLine | None] = lambda device: None
        self._log = logger("gateway.native")

    def listening(self, listener: MqttListener) -> None:
        self._listener = listener

    def ending(self, line_of: Callable[[str], MqttLine | None]) -> None:
        """Some of who log in are the far ends of lines: `line_of` says which."""
        self._line_of = line_of

    async def close(self) -> None:
        """Nobody logs in any more."""
        await self._logins.close()

    def lines_changed(self) -> None:
        """Lines were opened anew: whoever is their far end may be logged in already."""
        for device in self._connections:
            line = self._line_of(device)
            if line is not None and not line.is_connected:
                line.connected()

    # What the gateway asks

    def tell(
        self,
        device: str,
        payload: bytes,
        on_ack: Callable[[], None] | None = None,
        urgent: bool = True,
    ) -> bool:
        """Send to a device; true if it is connected. `on_ack` once, when the device has it.

        What is not `urgent` waits behind what is.
        """
        assert self._listener is not None, "told before anybody listens"
        topic = f"{self._prefix}/{device}/{DOWN}"
        return self._listener.publish(topic, payload, urgent=urgent, on_ack=on_ack) > 0

    def is_connected(self, device: str) -> bool:
        return device in self._connections

    def connected_devices(self) -> tuple[str, ...]:
        return tuple(self._connections)

    def reconfigured(self) -> None:
        """Another configuration was applied: whoever is revoked now is cut off."""
        assert self._listener is not None, "configured before anybody listens"
        for device in list(self._connections):
            known = self._registry.device(device)
            if known is not None and known.revoked:
                self._listener.disconnect(device, "revoked")

    # What the listener asks

    def login(
        self, username: str, password: bytes | None, client_id: str, peer: str
    ) -> Login | Awaitable[Login]:
        """An unknown device may not; a withdrawn or unassigned one may, and may raise."""
        outcome = self._logins.login(username, password, peer)
        if isinstance(outcome, Login):
            return self._counted(username, outcome)
        return self._when_counted(username, outcome)

    def may_publish(self, username: str, topic: str) -> bool:
        leaf = own_leaf(self._prefix, username, topic)
        return bool(leaf) and leaf.partition("/")[0] != DOWN

    def may_subscribe(self, username: str, topic_filter: str) -> bool:
        return bool(own_leaf(self._prefix, username, topic_filter))

    async def _when_counted(self, username: str, outcome: Awaitable[Login]) -> Login:
        return self._counted(username, await outcome)

    def _counted(self, username: str, outcome: Login) -> Login:
        metrics.LOGINS.labels(outcome.value).inc()
        if outcome is Login.NOT_ALLOWED:
            text = f"{username} is revoked as stolen and tried to log in. Its login was refused."
            self._desk.problem(f"revoked:{username}", text)
        return outcome

    def published(self, message: Published, owed: Owed) -> None:
        """STORED once the message, or its bytes where nobody can read it, are kept durably."""
        device = message.username
        line = self._line_of(device)
        if line is not None:
            self._run(self._passed_on(line, message, partial(owed, Taken.UNSTORED)), owed)
            return
        known = self._registry.device(device)
        wall = self._clock.wall()
        leaf, fault = placed(self._prefix, device, message.topic)
        if message.is_will and leaf not in tuple(codec.Leaf):
            leaf = codec.Leaf.STATUS  # a lost line is no press, unless its last word says so
        try:
            reading = codec.read(
                leaf,
                message.payload,
                device,
                wall=wall,
                presses_in_doubt=kind(known.kind if known is not None else "").presses_in_doubt,
                retain=message.retain,
                topic_fault=fault,
            )
        except PeerError as wrong:
            self._supervision.alive(device)
            called = partial(owed, Taken.UNSTORED)
            keep, why = self._intake.keep, str(wrong)
            self._run(keep(NATIVE, device, why, message.payload, called, here=True), owed)
            return
        # RETAIN on a PUBLISH to us is the device's wish that it be kept, not news that it is an
        # old copy; only a broker we subscribe to says that. So the reading is a live one.
        self._intake.hear(reading, owed, dup=message.dup)

    def _run(self, kept: Coroutine[None, None, bool], owed: Owed) -> None:
        """What cannot be answered at once: another line's message, or bytes nobody can read."""
        task = asyncio.get_running_loop().create_task(kept)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._ran(done, owed))

    def _ran(self, done: asyncio.Task[bool], owed: Owed) -> None:
        del self._tasks[done]
        error = None if done.cancelled() else done.exception()
        if error is not None:
            self._log.error("a message was not kept", error=error)
        kept = not done.cancelled() and error is None and done.result()
        owed(Taken.STORED if kept else Taken.NEVER)

    async def _passed_on(self, line: MqttLine, message: Published, called: Called) -> bool:
        """The far end of a line says what it heard; wherever it does, a press may stand in it."""
        device = message.username
        self._supervision.alive(device)
        if own_leaf(self._prefix, device, message.topic) != EVENTS:
            right = f"{self._prefix}/{device}/{EVENTS}"
            self.noticed(MISPLACED, device, f"read all the same; set its topic to {right}")
        return await line.published(message.payload, called)

    def subscribed(self, username: str, topic_filter: str) -> None:
        if own_leaf(self._prefix, username, topic_filter) in (DOWN, f"{DOWN}/#", "#", "+"):
            self._showing.asked(username)

    def connected(self, username: str, client_id: str) -> None:
        self._connections[username] = self._connections.get(username, 0) + 1
        self._supervision.alive(username)
        line = self._line_of(username)
        if line is not None:
            line.connected()

    def disconnected(self, username: str, client_id: str, why: str) -> None:
        left = self._connections.get(username, 0) - 1
        if left > 0:
            self._connections[username] = left
        else:
            self._connections.pop(username, None)
            line = self._line_of(username)
            if line is not None:
                line.disconnected()

    def noticed(self, what: str, username: str, detail: str) -> None:
        kind = metrics.bounded(what, NOTICED)
        metrics.NOTICED.labels(kind).inc()
        self._line(kind, username, detail if kind in _OF_OURS else "")
        if what == TWO_CLAIM:
            self._supervision.report([self._two_claim(username)])

    def _two_claim(self, device: str) -> Finding:
        known = self._registry.device(device)
        site = known.site if known is not None else ""
        now = self._clock.now()
        return Finding(f"{TWO_CLAIM}:{device}", Trouble.TWO_CLAIM, (device,), now, OWN_LINE, site)

    def _line(self, what: str, username: str, detail: str) -> None:
        """A name that nobody has is no id: it may be a person's, or a number."""
        sender = username if self._registry.device(username) is not None else UNKNOWN
        is_proven = what not in _UNPROVEN and username in self._connections
        lane = sender if is_proven else ""
        self._log.warning(what.replace("_", " "), lane=lane, sender=sender, detail=detail)


def _later(after_s: float, do: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(after_s, do)
