"""Who is called in a house that is cut off, and what they read there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from alarms.model import Purpose
from core.signals import AlarmKind, Level, Reading, Signal, SignalType, Standing
from core.values import replace
from devices.registry import Device, MemoryRegistry
from gateway.handover import Part
from gateway.outpost.here import Here, who_is_here
from gateway.outpost.local_alarm import Page
from gateway.outpost.page_text import LOCALES, text
from gateway.outpost.ring import Ring, pressed
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
    assert called(press()) == ["badge-bo"]


def test_what_nobody_wears_and_what_cannot_be_paged_is_not_called() -> None:
    assert called(press("button-hall", person=None)) == ["badge-anna", "phone-anna", "badge-bo"]


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
    texts = {text(page(press(), times), house()) for times in range(1, 9)}
    assert len(texts) == 8


def test_whether_it_is_over_is_asked_in_other_words_each_time() -> None:
    asked = page(press(), purpose=Purpose.IS_IT_OVER)
    texts = {text(asked, later(minutes)) for minutes in range(10, 60, 10)}
    assert len(texts) == 5, "the same words do not ring again"


@pytest.mark.parametrize("language", ["da", "nb"])
def test_every_sentence_is_translated(language: str) -> None:
    with (LOCALES / f"{language}.po").open("rb") as po:
        catalogue = read_po(po, locale=language)
    said = {str(message.id) for message in catalogue if message.id}
    assert all(message.string for message in catalogue if message.id)
    source = Path(LOCALES.parent / "outpost" / "page_text.py").read_text()
    spoken = {one for one in said if f'"{one}"' in source}
    assert spoken == said, "no sentence is left over"
    for one in every_page():
        translated, english = text(one, house(language)), text(one, house("en"))
        assert all(line not in english.split("\n") for line in translated.split("\n")[1:])


def every_page() -> list[Page]:
    kinds = [replace(press(), reading=replace(press().reading, kind=kind)) for kind in AlarmKind]
    return [
        *(page(signal) for signal in kinds),
        page(press(), 2),
        page(press(), 2, Purpose.SAYS_OVER),
        page(press(), 3, Purpose.IS_IT_OVER),
        page(press(), 3, Purpose.PRESSES_AGAIN, presses=2),
    ]


def house(language: str = "da") -> Here:
    part = Part(1, "far", language, DEVICES, names=NAMES, labels=LABELS)
    connected = [device.id for device in DEVICES]
    return who_is_here(part, MemoryRegistry(DEVICES), connected, NOW, NOW)


def later(minutes: int) -> Here:
    return replace(house(), now=NOW + timedelta(minutes=minutes))


def called(signal: Signal) -> list[str]:
    """The devices that ring about it."""
    (local,) = pressed(Ring(), signal, house()).ring.alarms
    view = house().view(local.alarm.pressers)
    return [route.address for candidate in view.nearest for route in candidate.routes]


def page(signal: Signal, times: int = 1, purpose: Purpose = Purpose.CALL, presses: int = 1) -> Page:
    (local,) = pressed(Ring(), signal, house()).ring.alarms
    (presser,) = local.alarm.pressers
    says_over_at = NOW if purpose is Purpose.SAYS_OVER else None
    presser = replace(presser, presses=presses, says_over_at=says_over_at)
    local = replace(local, alarm=replace(local.alarm, pressers=(presser,)), times=times)
    return Page("badge-bo", "n", purpose, local)


def read(signal: Signal) -> str:
    return text(page(signal), house())


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
