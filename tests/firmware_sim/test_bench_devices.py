"""What `tilkald bench devices` measures with is held to account before its figures are believed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.errors import PeerError, TilkaldError
from devices.callsystems.espa444.session import PagingSession
from devices.callsystems.espa444.transfer import TRIES_MAX
from devices.protocols import FAMILIES
from firmware_sim.bench import espa_line
from firmware_sim.bench.codec_frames import SUBJECTS, Subject
from firmware_sim.bench.codec_speed import decode_all, serve_all
from firmware_sim.bench.espa_line import ControlStation, Counted, row
from firmware_sim.bench.figures import Least, Reach, Row
from gateway.links.serial_line import SerialLine, SerialSettings
from tests.support.lines import SlowHouse

FRAMES = 50
EACH = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)


def test_every_protocol_is_measured() -> None:
    assert list(dict.fromkeys(subject.family for subject in SUBJECTS)) == list(FAMILIES)


@EACH
def test_every_frame_is_one_and_another_press_for_its_session(subject: Subject) -> None:
    frames = [subject.write(number) for number in range(1, FRAMES + 1)]
    assert decode_all(subject, frames) == FRAMES
    assert serve_all(subject, frames) >= FRAMES


@EACH
def test_a_frame_that_is_cut_off_is_not_counted(subject: Subject) -> None:
    frames = [subject.write(number) for number in (1, 2)]
    try:
        counted = decode_all(subject, [frames[0][: len(frames[0]) // 2]])
    except PeerError:
        counted = 0
    assert counted == 0


def test_a_figure_that_is_missing_was_not_reached() -> None:
    reaches = (Reach("slowest", 5, "ms"), Least("codec", 50_000, "/s"))
    assert not Row("x", "x", {}, reaches).met
    assert not Row("x", "x", {"slowest": 5, "codec": 49_999}, reaches).met
    assert Row("x", "x", {"slowest": 5, "codec": 50_000}, reaches).met


def test_a_line_that_missed_a_select_or_was_never_selected_is_not_well() -> None:
    well = Counted([0.001], [0.01])
    assert row(well, 1_000, 0).met
    assert not row(Counted([0.001], [0.01], missed=1), 1_000, 0).met
    assert not row(Counted([0.001], [0.01], calls_lost=1), 1_000, 0).met
    assert not row(Counted(), 1_000, 0).met


@pytest.mark.shell
async def test_the_control_station_counts_selects_and_calls_that_are_answered(
    tmp_path: Path,
) -> None:
    counted = await _counted(tmp_path, SlowHouse(), messages=2)
    assert len(counted.selects_s) >= espa_line.CALL_EVERY
    assert len(counted.calls_s) >= 1
    assert (counted.missed, counted.calls_lost) == (0, 0)


@pytest.mark.shell
async def test_a_call_that_is_refused_each_time_it_comes_is_counted_as_lost(
    tmp_path: Path,
) -> None:
    counted = await _counted(tmp_path, SlowHouse(keeps=False), messages=TRIES_MAX + 1)
    assert counted.calls_lost == 1
    assert counted.calls_s == []


@pytest.mark.shell
def test_a_line_nobody_opens_is_no_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(espa_line, "OPENED_WITHIN_S", 0.2)
    station = ControlStation(tmp_path / "line")
    with pytest.raises(TilkaldError, match="did not open"):
        station.run()
    station.close()


async def _counted(folder: Path, house: SlowHouse, *, messages: int) -> Counted:
    """A control station and our paging side, until so many blocks were heard, copies too."""
    station = ControlStation(folder / "line")
    line = SerialLine(SerialSettings(str(station.port)), PagingSession, house)
    serving = asyncio.create_task(line.run())
    counting = asyncio.create_task(asyncio.to_thread(station.run))
    await house.until(lambda: len(house.names) >= messages)
    station.end()
    counted = await counting
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    station.close()
    return counted
