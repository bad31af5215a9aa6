from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.signals import Level, Standing
from devices.registry import NATIVE, Assignment, Device, MemoryRegistry, Registration

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_native_device_is_known_by_its_id_with_its_standing_wearer() -> None:
    registry = MemoryRegistry([badge("badge-anna", "anna", level=Level.ORANGE)])
    assert registry.resolve(NATIVE, "badge-anna", NOON) == Registration(
        Standing.ASSIGNED, "badge-anna", "solbakken", "badge", "anna", None, Level.ORANGE
    )


def test_an_unknown_sender_is_unknown_and_keeps_its_name() -> None:
    found = MemoryRegistry().resolve(NATIVE, "badge-ghost", NOON)
    assert found.standing is Standing.UNKNOWN
    assert found.device == "badge-ghost"


def test_a_device_is_found_by_its_wire_identity_under_that_protocol_only() -> None:
    registry = MemoryRegistry([badge("button-1", None, wire=("espa:4711",))])
    assert registry.resolve("espa", "4711", NOON).device == "button-1"
    assert registry.resolve("other", "4711", NOON).standing is Standing.UNKNOWN
    assert registry.resolve("espa", "button-1", NOON).standing is Standing.UNKNOWN


def test_a_point_of_a_panel_is_a_device_of_its_own_before_its_account_is() -> None:
    registry = MemoryRegistry(
        [
            badge("panel", None, wire=("dc09:1234",)),
            badge("pull-cord", None, wire=("dc09:1234/7",)),
            badge("house-3", None, wire=("dc09:1234/3/*",)),
            badge("house-3-bath", None, wire=("dc09:1234/3/7",)),
        ]
    )

    def resolved(point: str) -> tuple[str, str]:
        found = registry.resolve("dc09", "1234", NOON, point)
        return found.device, found.point

    assert resolved("7") == ("pull-cord", "")
    assert resolved("2/7") == ("pull-cord", ""), "whichever the area"
    assert resolved("3/7") == ("house-3-bath", "")
    assert resolved("3/8") == ("house-3", "8"), "an area is one device with many points"
    assert resolved("3/*") == ("house-3", "")
    assert resolved("2/9") == ("panel", "2/9"), "a whole panel too"
    assert resolved("user3") == ("panel", "user3")
    assert resolved("") == ("panel", "")


def test_an_unknown_point_is_called_by_the_name_it_would_be_registered_under() -> None:
    found = MemoryRegistry().resolve("dc09", "1234", NOON, "2/7")
    assert (found.standing, found.device, found.point) == (Standing.UNKNOWN, "dc09:1234/2/7", "")


def test_a_loan_that_covers_now_beats_the_standing_wearer_until_it_ends() -> None:
    loan = Assignment("badge-7", "bo", NOON, NOON + HOUR)
    registry = MemoryRegistry([badge("badge-7", "anna")], [loan])
    assert wearer(registry, NOON - timedelta(microseconds=1)) == "anna"
    assert wearer(registry, NOON) == "bo"
    assert wearer(registry, NOON + HOUR) == "anna"


def test_of_overlapping_loans_the_newest_start_wins() -> None:
    loans = [
        Assignment("badge-7", "cai", NOON + HOUR, NOON + 3 * HOUR),
        Assignment("badge-7", "bo", NOON, NOON + 8 * HOUR),
    ]
    registry = MemoryRegistry([badge("badge-7", "anna")], loans)
    assert wearer(registry, NOON + 2 * HOUR) == "cai"
    assert wearer(registry, NOON + 4 * HOUR) == "bo"


def test_of_loans_that_start_together_the_one_written_last_wins() -> None:
    loans = [Assignment("badge-7", who, NOON, NOON + HOUR) for who in ("bo", "cai")]
    assert wearer(MemoryRegistry([badge("badge-7", None)], loans), NOON) == "cai"


def test_a_worn_device_without_a_wearer_is_unassigned_and_a_fixed_one_has_its_place() -> None:
    registry = MemoryRegistry(
        [
            badge("badge-spare", None),
            badge("badge-drawer", None, zone="office"),
            Device("button-hall", "fixed_button", "solbakken", zone="hall"),
            Device("button-box", "fixed_button", "solbakken"),
        ]
    )
    standings = [
        registry.resolve(NATIVE, device.id, NOON).standing for device in registry.devices()
    ]
    assert standings == [
        Standing.UNASSIGNED,
        Standing.UNASSIGNED,
        Standing.ASSIGNED,
        Standing.UNASSIGNED,
    ]


def test_a_withdrawn_device_says_so_whoever_wears_it() -> None:
    registry = MemoryRegistry([badge("badge-old", "anna", withdrawn=True)])
    found = registry.resolve(NATIVE, "badge-old", NOON)
    assert found.standing is Standing.WITHDRAWN
    assert found.person == "anna"


def test_worn_by_follows_the_loans() -> None:
    loan = Assignment("badge-7", "bo", NOON, NOON + HOUR)
    registry = MemoryRegistry([badge("badge-7", "anna"), badge("phone-bo", "bo")], [loan])
    assert worn(registry, "bo", NOON) == ["badge-7", "phone-bo"]
    assert worn(registry, "anna", NOON) == []
    assert worn(registry, "anna", NOON + HOUR) == ["badge-7"]
    assert worn(registry, "nobody", NOON) == []


def test_another_configuration_replaces_everything() -> None:
    registry = MemoryRegistry([badge("badge-7", "anna")])
    registry.load([badge("badge-8", "bo")], [])
    assert registry.device("badge-7") is None
    assert worn(registry, "anna", NOON) == []
    assert worn(registry, "bo", NOON) == ["badge-8"]


def badge(
    name: str,
    person: str | None,
    *,
    level: Level | None = None,
    zone: str | None = None,
    wire: tuple[str, ...] = (),
    withdrawn: bool = False,
) -> Device:
    return Device(name, "badge", "solbakken", person, zone, level, wire, withdrawn=withdrawn)


def wearer(registry: MemoryRegistry, wall: datetime) -> str | None:
    return registry.resolve(NATIVE, "badge-7", wall).person


def worn(registry: MemoryRegistry, person: str, wall: datetime) -> list[str]:
    return [device.id for device in registry.worn_by(person, wall)]
