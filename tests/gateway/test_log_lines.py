"""What strangers cause is a few lines and a count, and no line holds what anybody wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from prometheus_client import generate_latest

from core import metrics
from core.folding import LANE_BURST
from core.signals import AlarmKind, Reading, Signal, SignalType, Standing
from core.values import replace
from devices.family import open_port
from devices.protocols import FAMILIES
from gateway.intake import Lateness
from gateway.links.ports import Published
from gateway.native import NOTICED, TWO_CLAIM
from gateway.oddities import GATEWAY, ODD_FIELDS, protocol_label, reason, wrong_with
from tests.support.gateway import NOW, PREFIX, House
from tests.support.logged import logged
from tests.support.office import first_word
from tests.support.samples import SAMPLES

MANY = 400
CALM = timedelta(seconds=2)
"""Between two presses of one badge, so that they are no storm."""

WRITTEN = "Zoe +4520304050"
"""What nobody may find in a log: somebody's name and number."""

Caused = Callable[[House, int], Awaitable[None]]


async def an_unknown_sender_speaks(house: House, number: int) -> None:
    odd = (f"zone: no such place ({WRITTEN})", f"{WRITTEN}: {WRITTEN}")
    reading = Reading("dc09", f"{WRITTEN} {number}", SignalType.ALARM, AlarmKind.SOS, odd=odd)
    await house.intake.take(replace(reading, seq=number))


async def an_unknown_sender_cannot_be_read(house: House, number: int) -> None:
    await house.intake.keep("dc09", f"{WRITTEN} {number}", WRITTEN, WRITTEN.encode())


async def a_gateway_hands_over(house: House, number: int) -> None:
    """Whoever holds its token writes what they like into every field."""
    odd = (f"zone: {WRITTEN}", f"text: {WRITTEN}", WRITTEN)
    reading = Reading(f"{WRITTEN} {number}", "badge-anna", SignalType.ALARM, seq=number, odd=odd)
    identity = f"{WRITTEN} {number}"
    house.pass_time(CALM)
    handed = Signal(identity, identity, reading, "", "badge-anna", Standing.ASSIGNED, NOW, NOW)
    await house.intake.take_over(handed, Lateness(timedelta()), None)


async def a_gateway_names_a_protocol(house: House, number: int) -> None:
    await house.intake.keep(f"{WRITTEN} {number}", f"{WRITTEN} {number}", WRITTEN, b"")


CAUSED: dict[str, Caused] = {
    "an unknown sender speaks": an_unknown_sender_speaks,
    "an unknown sender cannot be read": an_unknown_sender_cannot_be_read,
    "a gateway hands over": a_gateway_hands_over,
    "a gateway names a protocol": a_gateway_names_a_protocol,
}


@pytest.mark.parametrize("cause", CAUSED)
async def test_however_many_names_a_stranger_uses_it_is_a_few_lines_and_a_count(cause: str) -> None:
    house = House()
    with logged() as log:
        for number in range(MANY):
            await CAUSED[cause](house, number)
        await house.intake.close()
        lines, text = log.lines(), log.text()
    assert of_every_event(lines) >= MANY
    assert all(count <= LANE_BURST + 2 for count in written(lines).values())
    assert_not_repeated(text)


@pytest.mark.parametrize("what", [*NOTICED, WRITTEN])
def test_what_the_listener_notices_of_strangers_is_a_few_lines_and_a_count(what: str) -> None:
    house = House()
    with logged() as log:
        for number in range(MANY):
            detail = "192.0.2.7 is refused" if is_ours(what) else WRITTEN
            house.native.noticed(what, f"{WRITTEN} {number}", detail)
        lines, text = log.lines(), log.text()
    assert sum(line.get("more", 1) for line in lines) == MANY
    assert len(lines) <= LANE_BURST + 2
    assert {line["sender"] for line in lines if "more" not in line} == {"unknown"}
    assert_not_repeated(text)


def test_a_badge_that_has_proven_itself_is_heard_of_beside_a_stranger_who_uses_its_name() -> None:
    house = House()
    house.native.connected("badge-anna", "c1")
    with logged() as log:
        for _ in range(MANY):
            house.native.noticed("refused_login", "badge-anna", "192.0.2.7 is refused")
            house.native.noticed("bad_packet", "nobody", "")
        house.native.noticed("bad_packet", "badge-anna", "")
        lines = log.lines()
    assert ("bad packet", "badge-anna") in [(line["event"], line.get("sender")) for line in lines]


@pytest.mark.parametrize("field", [*(name for name in ODD_FIELDS if name != "message"), "nobody"])
async def test_no_field_of_a_badge_is_repeated_in_the_log(field: str) -> None:
    house = House()
    with logged() as log:
        for value in (WRITTEN, [WRITTEN], {WRITTEN: WRITTEN}, 4520304050, None, WRITTEN * 99):
            twice = f'{{"{WRITTEN}":1,"{WRITTEN}":2,"{field}":{json.dumps(value)},"type":"alarm"}}'
            for body in (json.dumps({"type": "alarm", field: value}), twice, json.dumps(value)):
                for leaf in ("up", "beat", "status", WRITTEN):
                    house.pass_time(timedelta(minutes=1))
                    await first_word(partial(house.native.published, published(leaf, body)))
        text = log.text()
    assert "odd message" in text
    assert_not_repeated(text)


@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_a_family_finds_wrong_a_name_put_anywhere_stays_out_of_the_reason(
    family: str,
) -> None:
    """Beside its samples a family of tomorrow is tried from its first day."""
    said: dict[str, None] = {}
    for content in with_a_name_in_it(family):
        session = open_port(FAMILIES[family], {}).connect()
        for heard in session.receive(content, NOW, NOW):
            odd = heard.reading.odd if heard.reading is not None else ()
            said |= dict.fromkeys((reason(heard.error), *map(wrong_with, odd)))
    assert not [one for one in said if re.search(r"zoe|4520304050", one, re.IGNORECASE)]


def test_what_is_wrong_is_said_without_what_stood_there() -> None:
    assert wrong_with("level: not a word we know ('Zoe')") == "level: not a word we know"
    assert (
        wrong_with("text: 900 characters, cut after 500") == "text: 900 characters, cut after 500"
    )
    assert wrong_with(f"type: {WRITTEN!r} is none") == "type: wrong"
    assert wrong_with("text: of 4520304050 characters") == "text: of … characters"
    assert reason("a wrong CRC: 'A1B2', not 5D2F") == "a wrong CRC"
    assert reason(f"a wrong login ({WRITTEN})") == "a wrong login"
    assert wrong_with(WRITTEN) == "other: wrong"
    assert wrong_with("") == "other: wrong"


def test_every_family_has_its_name_in_the_metrics_and_whoever_invents_one_has_none() -> None:
    assert [protocol_label(name) for name in (*FAMILIES, GATEWAY)] == [*FAMILIES, GATEWAY]
    assert protocol_label(WRITTEN) == "other"


async def test_the_page_of_metrics_does_not_grow_with_what_a_gateway_names() -> None:
    house = House()
    await a_gateway_names_a_protocol(house, 0)
    before = len(generate_latest(metrics.REGISTRY).splitlines())
    for number in range(MANY):
        await a_gateway_names_a_protocol(house, number)
        reading = Reading(f"{WRITTEN} {number}", "badge-anna", SignalType.ALARM, seq=number)
        house.pass_time(CALM)
        await house.intake.take(reading)
    page = generate_latest(metrics.REGISTRY)
    assert len(page.splitlines()) <= before + 40
    assert_not_repeated(page.decode())


def test_a_count_says_other_for_whatever_is_named_past_its_limit() -> None:
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry()
    count = metrics.Count("tilkald_test", "of this test", ["by"], registry=registry)
    for number in range(metrics.SETS_MAX * 2):
        count.labels(f"name {number}").inc()
    count.labels("name 0").inc()
    assert registry.get_sample_value("tilkald_test_total", {"by": "other"}) == metrics.SETS_MAX
    assert registry.get_sample_value("tilkald_test_total", {"by": "name 0"}) == 2


def with_a_name_in_it(family: str) -> Iterator[bytes]:
    """Every sample with a name or a number beside, or instead of, what stands at every place."""
    for sample in SAMPLES[family]:
        for name in (b"Zoe", b"zoe", b"+4520304050", b"<Zoe/>", b"zoe>"):
            for at in range(len(sample)):
                yield sample[:at] + name + sample[at:]
                yield sample[:at] + name + sample[at + len(name) :]


def published(leaf: str, body: str) -> Published:
    topic = f"{PREFIX}/badge-anna/{leaf}"
    return Published("badge-anna", "c1", topic, body.encode(), 1, retain=False, dup=False)


def is_ours(what: str) -> bool:
    """Where the listener writes words of its own; else its detail holds a topic or an id."""
    return what in (TWO_CLAIM, "refused_login") or what.startswith(
        ("too_many", "slow", "no_", "ref")
    )


def written(lines: list[dict[str, object]]) -> dict[object, int]:
    counts: dict[object, int] = {}
    for line in lines:
        if "more" not in line:
            counts[line["event"]] = counts.get(line["event"], 0) + 1
    return counts


def of_every_event(lines: list[dict[str, object]]) -> int:
    return sum(int(str(line.get("more", 1))) for line in lines)


def assert_not_repeated(text: str) -> None:
    assert not re.search(r"zoe|20304050", text, re.IGNORECASE), text
