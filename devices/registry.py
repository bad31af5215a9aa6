"""Wire identity → device → person and place: the port, its values, and the in-memory registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from core.signals import Level, Standing
from core.values import value
from devices.catalogue import kind

NATIVE = "native"
"""The protocol of our own devices: what they call themselves is their id."""

OWN_PREFIX = "tilkald-"
"""What the ids of the service's own devices begin with: no device of a site is called so."""


def is_own(identity: str) -> bool:
    """Whether this id, or identity on the wire, is kept for the service's own devices."""
    return identity.removeprefix(f"{NATIVE}:").startswith(OWN_PREFIX)


@value(frozen=True)
class Device:
    """A device of the site, as its configuration names it.

    `id` matches `[a-z0-9][a-z0-9_-]{0,63}` and is the MQTT username. `kind` is a row of
    `devices.catalogue`. `person` is the standing wearer, `zone` the place of a fixed device,
    `wire` further identities it speaks under (`protocol:identity`, see `wire_names`). `password` is
    the plain one of a demonstration site or a `scrypt$…` digest. `withdrawn` may still raise;
    `revoked` may not.
    """

    id: str
    kind: str
    site: str
    person: str | None = None
    zone: str | None = None
    level: Level | None = None
    wire: tuple[str, ...] = ()
    password: str = ""
    withdrawn: bool = False
    revoked: bool = False


class Parity(StrEnum):
    """The parity bit of a serial line."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"


@value(frozen=True)
class Line:
    """A line into the building: a serial port, or a port of ours that panels connect to.

    `protocol` is a row of `devices.protocols`. `url`: `/dev/ttyUSB0`, `socket://…`, `rfc2217://…`
    (a serial line), `tcp://127.0.0.1:10000`, `udp://…` (we listen), `mqtt://rtl-hall` (that device
    logs in at our listener and passes frames on). Speed, bits and parity are for
    serial lines. `silent_after` zero: only the protocol itself says that the line is silent.
    `closes`: what this line says without proof may close an alarm, above yellow too (law 6).
    `only_registered`: a sender nobody registered calls nobody, it is only remembered for the scan;
    for radio that hears the neighbours' light switches.
    `gateway`: the remote gateway the line ends at; empty: it ends here.
    `settings` are the protocol's own, e.g. a key.
    """

    id: str
    site: str
    protocol: str
    url: str
    speed_bd: int = 9_600
    data_bits: int = 8
    parity: Parity = Parity.NONE
    stop_bits: int = 1
    silent_after: timedelta = timedelta()
    closes: bool = False
    only_registered: bool = False
    gateway: str = ""
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def listens(self) -> bool:
        """Whether it is a port of ours, where many may speak, and no cable."""
        return self.url.startswith(("tcp://", "tls://", "udp://"))


@value(frozen=True)
class RemoteGateway:
    """A gateway on another machine (`tilkald gateway`): it stands in one site.

    `token` is the digest of what it shows (`tilkald gateway --new-token`); empty: it is known by
    its certificate, whose common name is its `id`.
    """

    id: str
    site: str
    token: str = ""


@value(frozen=True)
class Assignment:
    """Who wears a device for a while, wall clock UTC: a shift's loan over the standing wearer."""

    device: str
    person: str
    start: datetime
    end: datetime


@value(frozen=True)
class Registration:
    """What the registry knows about the sender of one reading, at one moment.

    `point` is what of the sender's point its registration does not tell: a panel that is one device
    to the site still has many points, and each of them is somebody else.
    """

    standing: Standing
    device: str
    site: str
    kind: str = ""
    person: str | None = None
    zone: str | None = None
    level: Level | None = None
    point: str = ""


def wire_names(identity: str, point: str = "") -> tuple[tuple[str, str], ...]:
    """Under which names a sender may be registered, the narrowest first, each with what it omits.

    Point 7 of area 2 of account 1234 is `1234/2/7`, else `1234/7` in whichever area, else a part of
    the area `1234/2/*`, else of the account `1234`.
    """
    area, both, number = point.rpartition("/")
    names = [(f"{identity}/{point}", "")] if point else []
    if both and number != "*":
        names += [(f"{identity}/{number}", ""), (f"{identity}/{area}/*", number)]
    return (*names, (identity, point))


class Registry(Protocol):
    """The port intake asks. Never raises for an unknown sender: that is `Standing.UNKNOWN`."""

    def resolve(
        self, protocol: str, identity: str, wall: datetime, point: str = ""
    ) -> Registration: ...

    def device(self, device_id: str) -> Device | None: ...

    def worn_by(self, person: str, wall: datetime) -> tuple[Device, ...]: ...


class MemoryRegistry:
    """The registry of one configuration: dictionaries, rebuilt whole when a new one is applied."""

    def __init__(
        self, devices: Sequence[Device] = (), assignments: Sequence[Assignment] = ()
    ) -> None:
        self.load(devices, assignments)

    def load(self, devices: Sequence[Device], assignments: Sequence[Assignment]) -> None:
        """Take another configuration over at once; nothing of the former one stays."""
        self._devices = {device.id: device for device in devices}
        self._wire = {name: device.id for device in devices for name in device.wire}
        self._loans = _by_device(assignments)
        self._of_person = _candidates(devices, assignments)

    def resolve(
        self, protocol: str, identity: str, wall: datetime, point: str = ""
    ) -> Registration:
        """Whose device it is now. A native identity is the device id itself."""
        device, omitted = self._found(protocol, identity, point)
        if device is None:
            # On another protocol the same name is somebody else: it must not pass for a device.
            name = wire_names(identity, point)[0][0]
            return Registration(
                Standing.UNKNOWN, name if protocol == NATIVE else f"{protocol}:{name}", ""
            )
        person = self._wearer(device, wall)
        return Registration(
            _standing(device, person),
            device.id,
            device.site,
            device.kind,
            person,
            device.zone,
            device.level,
            omitted,
        )

    def _found(self, protocol: str, identity: str, point: str) -> tuple[Device | None, str]:
        for name, omitted in wire_names(identity, point):
            known = self._wire.get(f"{protocol}:{name}")
            if known is not None:
                return self._devices[known], omitted
        return (self._devices.get(identity) if protocol == NATIVE else None), point

    def device(self, device_id: str) -> Device | None:
        return self._devices.get(device_id)

    def devices(self) -> Sequence[Device]:
        """Every device, as configured."""
        return tuple(self._devices.values())

    def worn_by(self, person: str, wall: datetime) -> tuple[Device, ...]:
        """What this person carries now; withdrawn and revoked devices too, they show it."""
        candidates = (self._devices[d] for d in self._of_person.get(person, ()))
        return tuple(d for d in candidates if self._wearer(d, wall) == person)

    def _wearer(self, device: Device, wall: datetime) -> str | None:
        """A loan that covers now beats the standing wearer; of two loans the newer start wins."""
        for loan in self._loans.get(device.id, ()):
            if loan.start <= wall < loan.end:
                return loan.person
        return device.person


def _standing(device: Device, person: str | None) -> Standing:
    """A fixed device is assigned to its place, a worn one only to a person."""
    if device.withdrawn:
        return Standing.WITHDRAWN
    placed = device.zone is not None and not kind(device.kind).worn
    return Standing.ASSIGNED if person is not None or placed else Standing.UNASSIGNED


def _by_device(assignments: Sequence[Assignment]) -> dict[str, tuple[Assignment, ...]]:
    """Per device its loans, the newest start first; of equals the one written last."""
    loans: dict[str, list[Assignment]] = {}
    for assignment in reversed(assignments):
        loans.setdefault(assignment.device, []).append(assignment)
    return {
        device: tuple(sorted(some, key=lambda loan: loan.start, reverse=True))
        for device, some in loans.items()
    }


def _candidates(
    devices: Sequence[Device], assignments: Sequence[Assignment]
) -> dict[str, tuple[str, ...]]:
    """Per person every device they may ever carry, in the order of the configuration."""
    found: dict[str, dict[str, None]] = {}
    borrowers: dict[str, list[str]] = {}
    for assignment in assignments:
        borrowers.setdefault(assignment.device, []).append(assignment.person)
    for device in devices:
        standing = [device.person] if device.person is not None else []
        for person in (*standing, *borrowers.get(device.id, ())):
            found.setdefault(person, {})[device.id] = None
    return {person: tuple(some) for person, some in found.items()}
