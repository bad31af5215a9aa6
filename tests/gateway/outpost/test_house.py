"""Who is called in a house that is cut off, and what they read there."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from core.clock import VirtualClock
from core.signals import AlarmKind, Level, Reading, Signal, SignalType, Standing
from core.values import replace
from devices.registry import Device, MemoryRegistry
from gateway.handover import Part
from gateway.outpost.house import LOCALES, LocalHouse
from gateway.outpost.ring import Call
from tests.support.gateway import NOW

DEVICES = (
    Device("badge-anna", "badge", "far", "anna"),
    Device("phone-anna", "phone", "far", "anna"),
    Device("badge-bo", "badge", "far", "bo"),
    Device("badge-spare", "badge", "far"),
    Device("button-hall", "fixed_button", "far", zone="hall"),
)
NAMES = {"anna": "Anna", "bo": "Bo"}
LABELS = {"hall": "Stue 1", "bath": "Bad 2.sal"}


def test_neither_the_presser_nor_what_else_they_carry_is_called() -> None:
    assert house().colleagues(press()) == ["badge-bo"]


def test_what_nobody_wears_and_what_cannot_be_paged_is_not_called() -> None:
    assert house().colleagues(press("button-hall", person=None)) == [
        *("badge-anna", "phone-anna", "badge-bo")
    ]


def test_the_place_comes_first_then_what_and_who() -> None:
    lines = read(press(zone="bath", kind=AlarmKind.ATTACK)).split("\n")
    assert lines[0] == "BAD 2.SAL"
    assert lines[1] == "Overfald: Anna kalder på hjælp."
    assert "Centralen kan ikke nås" in lines[2]


def test_where_only_the_lines_own_text_knows_the_place_it_is_read() -> None:
    stranger = press("espa444:7", person=None, text="Kald  stue\n12 " + "x" * 500)
    first = read(stranger).split("\n")[0]
    assert first.startswith("Kald stue 12 ")
    assert len(first) <= 100
    assert read(press(person=None)).startswith("STED UKENDT")


def test_a_weapon_says_the_opposite() -> None:
    text = read(press(kind=AlarmKind.WEAPON, zone="hall"))
    assert "GÅ IKKE IND" in text
    assert "Gå derhen" not in text


def test_every_round_reads_otherwise() -> None:
    texts = {house().text(Call(press(), times)) for times in range(1, 9)}
    assert len(texts) == 8


@pytest.mark.parametrize("language", ["da", "nb"])
def test_every_sentence_is_translated(language: str) -> None:
    with (LOCALES / f"{language}.po").open("rb") as po:
        catalogue = read_po(po, locale=language)
    said = {str(message.id) for message in catalogue if message.id}
    assert all(message.string for message in catalogue if message.id)
    source = Path(LOCALES.parent / "outpost" / "house.py").read_text()
    spoken = {one for one in said if f'"{one}"' in source}
    assert spoken == said, "no sentence is left over"
    for call in every_call():
        text = house(language).text(call)
        english = house("en").text(call)
        assert all(line not in english.split("\n") for line in text.split("\n")[1:])


def every_call() -> list[Call]:
    kinds = [replace(press(), reading=replace(press().reading, kind=kind)) for kind in AlarmKind]
    calls = [Call(signal, 1) for signal in kinds]
    return [
        *calls,
        Call(press(), 2),
        Call(press(), 2, says_over=True),
        Call(press(), 3, False, True),
        Call(press(), 3, presses=2),
    ]


def house(language: str = "da") -> LocalHouse:
    registry = MemoryRegistry(DEVICES)
    found = LocalHouse(registry, VirtualClock(NOW), lambda: [device.id for device in DEVICES])
    found.configure(Part(1, "far", language, DEVICES, names=NAMES, labels=LABELS))
    return found


def read(signal: Signal) -> str:
    return house().text(Call(signal, 1))


def press(
    device: str = "badge-anna",
    person: str | None = "anna",
    zone: str | None = None,
    kind: AlarmKind | None = None,
    text: str = "",
) -> Signal:
    reading = Reading("native", device, SignalType.ALARM, kind, Level.RED, text=text)
    at = (Standing.ASSIGNED, NOW, NOW)
    return Signal("s", "i", reading, "far", device, *at, person=person, zone=zone)
