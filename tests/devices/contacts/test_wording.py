"""What a technician writes for a line of input boards, understood or refused by name."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.signals import AlarmKind
from devices.contacts import FAMILY, OVER_TCP, wording
from devices.contacts.board import (
    POINTS_MOST,
    Band,
    Board,
    Framing,
    Guard,
    KeyInput,
    Output,
    Place,
    Point,
    Read,
    Senses,
    Table,
    reads_of,
)
from devices.contacts.wording import Numbers, bands, key_input, points
from devices.family import open_port
from devices.protocols import sounders

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BANDS = "short 200 normal 1200 alarm 2600 cut"
MEASURED = Point("2/0", Place(2, Table.INPUT, 0), Senses.BANDS)
INPUT = Place(1, Table.DISCRETE, 3)


@pytest.mark.parametrize(
    ("name", "said", "point"),
    [
        ("1/3", "closes", Point("1/3", INPUT)),
        ("1/3", "opens attack", Point("1/3", INPUT, Senses.OPENS, AlarmKind.ATTACK)),
        ("1/3", "closes latching", Point("1/3", INPUT, latching=True)),
        ("1/3", "closes coil", Point("1/3", Place(1, Table.COILS, 3))),
        (
            "1/3",
            "closes tamper=11",
            Point("1/3", INPUT, guard=Guard(Place(1, Table.DISCRETE, 11), True)),
        ),
        (
            "1/3",
            "closes coil fault=11",
            Point(
                "1/3",
                Place(1, Table.COILS, 3),
                guard=Guard(Place(1, Table.COILS, 11), False),
            ),
        ),
        ("2/40.3", "closes", Point("2/40.3", Place(2, Table.INPUT, 40, 3))),
        ("2/40.15", "closes holding", Point("2/40.15", Place(2, Table.HOLDING, 40, 15))),
        (
            "2/40.3",
            "opens holding tamper=41.3",
            Point(
                "2/40.3",
                Place(2, Table.HOLDING, 40, 3),
                Senses.OPENS,
                guard=Guard(Place(2, Table.HOLDING, 41, 3), True),
            ),
        ),
        ("2/0", "bands", MEASURED),
        (
            "2/0",
            "bands fault=5",
            Point(
                "2/0", MEASURED.place, Senses.BANDS, guard=Guard(Place(2, Table.DISCRETE, 5), False)
            ),
        ),
        ("2/0", "counts holding", Point("2/0", Place(2, Table.HOLDING, 0), Senses.COUNTS)),
    ],
)
def test_a_point_is_written_in_a_few_words(name: str, said: str, point: Point) -> None:
    numbers = Numbers(Framing.RTU)
    assert points({name: said}, numbers, AlarmKind.SOS, has_bands=True) == (point,)


def test_inputs_count_from_one_where_the_board_prints_them_so() -> None:
    numbers = Numbers(Framing.RTU, first=1)
    (point,) = points({"1/4": "closes tamper=12"}, numbers, AlarmKind.CALL, has_bands=False)
    guard = Guard(Place(1, Table.DISCRETE, 11), True)
    assert point == Point("1/4", INPUT, kind=AlarmKind.CALL, guard=guard)


def test_only_what_is_watched_by_a_resistor_or_a_second_input_is_supervised() -> None:
    numbers = Numbers(Framing.RTU)
    said = {
        "1/1": "closes",
        "1/2": "opens",
        "1/3": "bands",
        "1/4": "closes fault=5",
        "1/6": "counts",
    }
    found = points(said, numbers, AlarmKind.SOS, has_bands=True)
    assert [point.supervised for point in found] == [False, False, True, True, False]


def test_bands_have_no_gap_and_a_bound_belongs_to_the_band_above() -> None:
    board = Board(points=(MEASURED,), bands=bands(BANDS))
    found = [board.band(value) for value in (0, 199, 200, 1_199, 1_200, 2_599, 2_600, 65_535)]
    assert found == [
        *(Band.SHORT, Band.SHORT, Band.NORMAL, Band.NORMAL, Band.ALARM, Band.ALARM),
        *(Band.CUT, Band.CUT),
    ]


def test_the_test_key_is_an_input_like_another() -> None:
    numbers, limit = Numbers(Framing.RTU), timedelta(minutes=5)
    assert key_input("", numbers, limit) is None
    assert key_input("1/3", numbers, limit) == KeyInput("1/3", INPUT, True, limit)
    found = key_input("1/40.2 opens holding", numbers, limit)
    assert found == KeyInput("1/40.2", Place(1, Table.HOLDING, 40, 2), False, limit)


def test_all_inputs_of_one_table_of_one_board_are_one_request() -> None:
    said = {
        "1/3": "closes tamper=11",
        "1/7": "opens",
        "1/0": "bands",
        "1/2.5": "closes",
        "9/1": "closes",
    }
    board = Board(points=points(said, Numbers(Framing.RTU), AlarmKind.SOS, has_bands=True))
    assert reads_of(board) == (
        Read(1, Table.DISCRETE, 3, 9),
        Read(1, Table.INPUT, 0, 3),
        Read(9, Table.DISCRETE, 1, 1),
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"point.3": "closes"}, "point.3 is '3'; write board and input, like 1/3"),
        ({"point.0/3": "closes"}, "write board and input"),
        ({"point.248/3": "closes"}, "write board and input"),
        ({"point.1/x": "closes"}, "inputs count from 0"),
        ({"point.1/03": "closes"}, "inputs count from 0"),
        ({"point.1/65536": "closes"}, "inputs count from 0"),
        ({"point.1/3.16": "closes"}, "a bit is written 40.3"),
        ({"point.1/0": "closes", "counts_from": "1"}, "inputs count from 1"),
        ({"point.1/3": ""}, "begin with one of: closes, opens, bands, counts"),
        ({"point.1/3": "attack"}, "begin with one of"),
        ({"point.1/3": "closes red"}, "'red' is none of: coil, holding, latching, tamper=INPUT"),
        ({"point.1/3": "closes technical"}, "'technical' is none of"),
        ({"point.1/3": "closes tamper="}, "inputs count from 0"),
        ({"point.1/3": "closes holding"}, "name the register's bit, like 40.3"),
        ({"point.1/3.1": "closes coil"}, "a coil has no bits"),
        ({"point.1/3.1": "counts"}, "counts reads a whole register"),
        ({"point.1/3": "bands"}, 'write bands = "short 200 normal 1200 alarm 2600 cut"'),
        ({"bands": "normal 1200 alarm"}, "there must be a band cut or short"),
        ({"bands": "normal 1200 cut"}, "there must be a band alarm"),
        ({"bands": "short 1200 normal 200 alarm 3000 cut"}, "write it like"),
        ({"bands": "short 200 normal 1200 alarm 70000 cut"}, "write it like"),
        ({"bands": "short 200 normal 1200 alarm 2600"}, "write it like"),
        ({"bands": "short 200 normal ² alarm 2600 cut"}, "write it like"),
        ({"bands": "short 200 well 1200 alarm 2600 cut"}, "write it like"),
        ({"test_input": "1/7 bands"}, 'write it like "1/7" or "1/7 opens"'),
        ({"test_input": "7"}, "test_input is '7'; write board and input"),
        ({"test_limit_s": "7200"}, "write 0 to 3600"),
        ({"sounder": "16"}, "sounder is '16'; write board and input"),
        ({"sounder": "1/16 1/40.3"}, "a coil has no bits"),
        ({"sounder": "300/1"}, "write board and input"),
        ({"point.1/3": "closes coil", "sounder": "1/3"}, "1/3 is read as an input"),
        ({"point.1/3": "closes coil tamper=5", "sounder": "1/5"}, "1/5 is read as an input"),
        ({"test_input": "1/7", "sounder": " ".join(f"1/{at}" for at in range(9))}, "takes 8"),
        ({"sound_s": "0"}, "sound_s is 0; write 1 to 120"),
        ({"poll_s": "2"}, "poll_s is 2; write 0.02 to 1"),
        ({"silent_s": "600"}, "write 1 to 90"),
        ({"name": "the desk"}, "write a short word without a slash"),
        ({"kind": "technical"}, "write one of: attack"),
        (
            {"point.1/3": "closes", "point.1/9000": "closes"},
            "too far apart; one request reads 2000",
        ),
        ({"point.1/3.0": "closes", "point.1/200.0": "closes"}, "one request reads 125"),
        ({f"point.1/{at}": "closes" for at in range(POINTS_MOST + 1)}, "one line takes 256"),
    ],
)
def test_what_is_written_wrongly_is_refused_with_what_to_write(
    settings: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match="modbus: ") as wrong:
        open_port(FAMILY, settings)
    assert words in str(wrong.value)


def test_the_example_of_the_page_for_technicians_is_understood() -> None:
    page = (Path(__file__).parents[3] / "docs/devices/dry-contacts.md").read_text()
    example = tomllib.loads(page.partition("```toml")[2].partition("```")[0])["line"][0]
    assert example["protocol"] == FAMILY.name
    open_port(FAMILY, example["settings"], speed_bd=example["speed_bd"])
    assert "010201016048" in page
    (heard,) = (
        open_port(FAMILY, {"point.1/3": "closes"})
        .connect()
        .receive(bytes.fromhex("010201016048"), NOON, NOON)
    )
    assert heard.reading is not None
    assert heard.reading.device == "board/1/3"


def test_the_example_of_a_siren_is_understood_and_counted_by_the_check() -> None:
    page = (Path(__file__).parents[3] / "docs/devices/dry-contacts.md").read_text()
    section = page.partition("## Outputs: a siren or lamp")[2]
    example = tomllib.loads(section.partition("```toml")[2].partition("```")[0])["line"][0]
    port = open_port(FAMILY, example["settings"])
    assert port.sounder is not None
    names = sounders(example["protocol"], example["settings"])
    assert port.sounder.sound(NOON, timedelta(seconds=1)) == len(names) > 0
    assert sounders("espa444", example["settings"]) == ()


def test_an_input_may_bear_the_number_of_a_siren_and_a_board_may_count_from_one() -> None:
    numbers = Numbers(Framing.RTU, 1)
    inputs = [Place(1, Table.DISCRETE, 15)]
    assert wording.sounders("1/16 1/16", numbers, inputs) == (Output("1/16", 1, 15),)


def test_over_tcp_a_board_may_be_number_0_or_255_and_never_comes_by_udp() -> None:
    for unit in (0, 255):
        open_port(OVER_TCP, {f"point.{unit}/3": "closes"})
    with pytest.raises(ConfigError, match="socket://HOST:502"):
        open_port(OVER_TCP, {}, datagrams=True)
