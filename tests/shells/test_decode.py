"""`tilkald decode`: its form is scripted by others, so it is held to the letter."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.signals import AlarmKind, SignalType
from devices.family import Encoding
from devices.protocols import FAMILIES
from tilkald.commands.decode import Decoder, family, lines, listing, readable, settings_of

ESPA_CALL = (
    "013102311f303831351e321f4665756572205a696d6d65722031321e331f321e341f331e351f311e361f3103"
)
ESPA_RIGHT, ESPA_WRONG = ESPA_CALL + "42", ESPA_CALL + "bd"
DC09_TEST = '9EC40027"ADM-CID"0001L0#1002[#1002|1602 00 001]'
DC09_SECRET = (
    '05BB0076"*SIA-DCS"7654L0#1111[C07DA1EB73C617857476EE5D79436CEE5E0084485E79EC56B0D5D1F3F6E648B2'
    "78050BBCCBC8FE5DCA7E3C80DBDD4945"
)
FIELDS = (
    *("protocol", "device", "kind", "alarm", "at", "lat", "lon", "accuracy_m", "fix", "battery"),
    *("text", "code"),
)


def test_a_call_is_one_reading_and_the_reply_is_what_follows_the_commit() -> None:
    answer = decoded("espa444", ESPA_RIGHT)[0]
    assert (answer["ok"], answer["reply"], answer["reply_text"]) == (True, "06", "<ACK>")
    reading = answer["readings"][0]
    assert set(FIELDS) <= set(reading)
    assert (reading["protocol"], reading["device"]) == ("espa444", "0815")
    assert (reading["kind"], reading["text"]) == ("alarm", "Feuer Zimmer 12")
    assert reading["alarm"] in [kind.value for kind in AlarmKind]
    assert (reading["lat"], reading["fix"]) == (None, False)


def test_a_wrong_checksum_is_refused_with_the_bytes_the_protocol_has_for_it() -> None:
    answer = decoded("espa444", ESPA_WRONG)[0]
    assert answer["ok"] is False
    assert "0x42" in answer["error"]
    assert (answer["readings"], answer["reply_text"]) == ([], "1<NAK>")


def test_one_session_hears_all_lines_so_a_frame_may_come_in_parts() -> None:
    first, second = decoded("espa444", ESPA_RIGHT[:20], ESPA_RIGHT[20:])
    assert (first["ok"], first["readings"]) == (True, [])
    assert second["readings"][0]["device"] == "0815"


def test_json_lines_name_their_encoding_and_leave_out_what_stands_around_a_text() -> None:
    given = [
        json.dumps({"frame": DC09_TEST, "encoding": "text"}),
        json.dumps({"frame": f"\n{DC09_TEST}\r".encode().hex(), "encoding": "hex"}),
        json.dumps({"frame": DC09_TEST}),
        DC09_TEST,
        "",
    ]
    decoder = Decoder(family("dc09"), {})
    answers = [json.loads(line) for line in lines(decoder, [], given)]
    assert [answer["ok"] for answer in answers] == [True] * 4
    assert {answer["readings"][0]["kind"] for answer in answers} == {"test"}
    assert {answer["reply_text"][0:4] for answer in answers} == {"<LF>"}


@pytest.mark.parametrize(
    "line",
    ['{"frame": 5}', '{"frame": "31", "encoding": "morse"}', '{"frame', '{"encoding": "hex"}'],
)
def test_a_line_of_another_form_is_one_error_line_and_stops_nothing(line: str) -> None:
    decoder = Decoder(family("espa444"), {})
    answers = [json.loads(one) for one in lines(decoder, [], [line, ESPA_RIGHT])]
    assert answers[0]["ok"] is False
    assert answers[0]["error"]
    assert answers[1]["ok"] is True


@pytest.mark.parametrize("junk", ["zz", "012", "🙂"])
def test_what_is_not_hexadecimal_is_said(junk: str) -> None:
    assert decoded("espa444", junk)[0]["error"].startswith("not hexadecimal")


def test_text_that_is_no_frame_is_said_at_once_and_not_with_the_next_frame() -> None:
    first, second = decoded("dc09", "hello", DC09_TEST)
    assert first["ok"] is False
    assert second["ok"] is True


def test_a_key_and_the_time_of_a_recording_open_an_encrypted_frame() -> None:
    then = datetime(2020, 7, 9, 16, 4, 5, tzinfo=UTC)
    decoder = Decoder(family("dc09"), settings_of(["key=AAAAAAAAAAAAAAAA"]), then)
    answer = decoder.line(DC09_SECRET)
    assert answer["ok"] is True
    assert answer["readings"][0]["at"] == "2020-07-09T16:04:02Z"
    assert '"*ACK"7654L0#1111[' in answer["reply_text"]
    now = Decoder(family("dc09"), settings_of(["key=AAAAAAAAAAAAAAAA"])).line(DC09_SECRET)
    assert '"NAK"' in now["reply_text"]


def test_every_family_is_listed_with_its_encoding() -> None:
    listed = [line.split()[:2] for line in listing()]
    assert listed == [[one.name, one.encoding.value] for one in FAMILIES.values()]
    assert all(name == family.name for name, family in FAMILIES.items())
    assert {line[1] for line in listed} <= {encoding.value for encoding in Encoding}


def test_a_protocol_or_a_setting_that_does_not_exist_is_said_with_those_that_do() -> None:
    with pytest.raises(ConfigError, match="Known: espa444"):
        family("espa")
    with pytest.raises(ConfigError, match=r"known: .*decimal_length"):
        Decoder(family("dc09"), {"decimal": "true"})
    with pytest.raises(ConfigError, match="Write name=value"):
        settings_of(["key"])


def test_control_characters_are_written_as_a_technician_writes_them() -> None:
    assert readable(b"1\x15\x02A\x14\x7f\xff") == "1<NAK><STX>A<DC4><7F><FF>"


@pytest.mark.shell
def test_the_command_reads_arguments_and_standard_input_and_prints_json_lines() -> None:
    tilkald = Path(sys.executable).with_name("tilkald")
    by_argument = subprocess.run(
        [tilkald, "decode", "espa444", ESPA_RIGHT, ESPA_WRONG],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    by_input = subprocess.run(
        [tilkald, "decode", "espa444"],
        input=f'{{"frame":"{ESPA_RIGHT}","encoding":"hex"}}\n{{"frame":"{ESPA_WRONG}"}}\n',
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for done in (by_argument, by_input):
        assert [json.loads(line)["ok"] for line in done.stdout.splitlines()] == [True, False]
    listed = subprocess.run(
        [tilkald, "decode", "--list"], capture_output=True, text=True, check=True, timeout=60
    )
    assert len(listed.stdout.splitlines()) == len(FAMILIES)
    unknown = subprocess.run(
        [tilkald, "decode", "morse", "00"], capture_output=True, text=True, timeout=60
    )
    assert unknown.returncode == 2
    assert "There is no protocol 'morse'" in unknown.stderr


def test_kinds_and_alarms_are_tokens() -> None:
    decoder = Decoder(family("native"), {})
    answer = decoder.line('badge-anna/up {"type":"alarm","kind":"attack","battery":0.5}')
    reading = answer["readings"][0]
    assert (reading["kind"], reading["alarm"]) == (SignalType.ALARM, AlarmKind.ATTACK)
    assert reading["battery"] == 0.5
    assert '"type":"received"' in answer["reply_text"]


def decoded(protocol: str, *frames: str) -> list[dict[str, Any]]:
    decoder = Decoder(family(protocol), {})
    return [json.loads(line) for line in lines(decoder, frames, [])]
