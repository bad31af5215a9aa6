"""The lines of a site in its files: what can be set, and what a mistake looks like."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import ConfigError
from devices.registry import Line, Parity
from dispatcher.roster.organisation import Organisation
from dispatcher.site.apply import difference, merged
from dispatcher.site.export import export_files
from dispatcher.site.files import read_files
from dispatcher.site.mistakes import SiteMistakes

SITE = '[[site]]\nid = "home"\nname = "Home"\ntimezone = "UTC"\n'
LINES = """[[line]]
id = "nurse-call"
protocol = "espa444"
url = "/dev/ttyUSB0"
speed_bd = 19200
data_bits = 7
parity = "even"
stop_bits = 2
silent_s = 300
closes = true

[line.settings]
who_calls = "text"

[[line]]
id = "panels"
protocol = "dc09"
url = "tcp://127.0.0.1:10000"

[line.settings]
"key.1234" = "0123456789ABCDEF"
"""


def test_a_serial_line_and_a_port_are_read_with_everything_they_say() -> None:
    nurse_call, panels = _read(LINES).lines
    assert nurse_call == Line(
        "nurse-call",
        "home",
        "espa444",
        "/dev/ttyUSB0",
        speed_bd=19_200,
        data_bits=7,
        parity=Parity.EVEN,
        stop_bits=2,
        silent_after=timedelta(minutes=5),
        closes=True,
        settings=(("who_calls", "text"),),
    )
    assert (panels.speed_bd, panels.closes) == (9_600, False)
    assert dict(panels.settings) == {"key.1234": "0123456789ABCDEF"}


def test_what_is_exported_is_read_back_and_a_line_may_close_only_where_it_is_written() -> None:
    files = export_files(_read(LINES))
    assert read_files({name: text.encode() for name, text in files.items()}) == _read(LINES)
    assert files["lines.toml"].count("closes") == 1


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('"espa444"', '"espa4444"',
         "lines.toml:3 line[1].protocol: 'espa4444' is no protocol of a line; "
         "did you mean espa444?"),
        ('"espa444"', '"native"',
         "lines.toml:3 line[1].protocol: 'native' is no protocol of a line"),
        ('"espa444"', '"rfxtrx"',
         "lines.toml:10 line[1].closes: is for no radio: anybody can record and repeat it"),
        ('"/dev/ttyUSB0"', '"ttyUSB0"',
         "lines.toml:4 line[1].url: 'ttyUSB0' is no line; write /dev/…, socket://, rfc2217://, "
         "tcp://, tls://, udp:// or mqtt://"),
        ("tcp://127.0.0.1:10000", "tcp://127.0.0.1",
         "lines.toml:18 line[2].url: 'tcp://127.0.0.1' needs host and port, like "
         "tcp://127.0.0.1:10000"),
        ("tcp://127.0.0.1:10000", "tcp://127.0.0.1:x",
         "lines.toml:18 line[2].url: 'tcp://127.0.0.1:x' has no port that is one"),
        ("tcp://127.0.0.1:10000", "/dev/ttyUSB0",
         "lines.toml:18 line[2].url: '/dev/ttyUSB0' is already line 'nurse-call'"),
        ("parity = \"even\"", "parity = \"maybe\"",
         "lines.toml:7 line[1].parity: is 'maybe'; write one of: none, even, odd"),
        ("speed_bd = 19200", "speed_bd = 0",
         "lines.toml:5 line[1].speed_bd: is 0; write a whole number from 50 to 4000000"),
        ('who_calls = "text"', 'who_call = "text"',
         "lines.toml:12 line[1].settings: espa444: there is no setting 'who_call'; known: name"),
        ('who_calls = "text"', 'who_calls = "nurse"',
         "lines.toml:12 line[1].settings: espa444: who_calls is 'nurse'; write one of"),
        ('"0123456789ABCDEF"', '"short"', "lines.toml:20 line[2].settings: DC-09 key of 5 char"),
        ('id = "panels"', 'id = "nurse-call"',
         "lines.toml:16 line[2].id: 'nurse-call' stands twice"),
        ('protocol = "dc09"\nurl = "tcp', 'protocol = "modbus"\nurl = "udp',
         "lines.toml:20 line[2].settings: modbus: there is no board over udp://; write socket://"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line_with_its_place(old: str, new: str, mistake: str) -> None:
    assert old in LINES
    with pytest.raises(SiteMistakes) as refused:
        _read(LINES.replace(old, new, 1))
    assert any(str(one).startswith(mistake) for one in refused.value.mistakes), str(refused.value)


def test_two_lines_of_input_boards_need_two_names_or_their_buttons_would_be_one() -> None:
    boards = "".join(
        f'[[line]]\nid = "{line}"\nprotocol = "{protocol}"\nurl = "{url}"\n'
        for line, protocol, url in (
            ("desk", "modbus", "/dev/ttyUSB7"),
            ("hall", "modbus-tcp", "socket://192.0.2.7:502"),
        )
    )
    with pytest.raises(SiteMistakes) as refused:
        _read(LINES + boards)
    (mistake,) = refused.value.mistakes
    assert "name 'board' is already that of line 'desk'; write another name" in str(mistake)
    assert len(_read(LINES + boards + '[line.settings]\nname = "hall"\n').lines) == 4


def test_a_difference_never_shows_a_key() -> None:
    other = _read(LINES.replace("0123456789ABCDEF", "FEDCBA9876543210"))
    changes = difference(_read(LINES), other)
    assert [str(change) for change in changes] == ["~ line panels: settings changed"]
    assert merged(_read(LINES), other).lines == other.lines


def test_a_key_is_not_told_in_a_mistake() -> None:
    with pytest.raises(ConfigError) as refused:
        _read(LINES.replace("0123456789ABCDEF", "my secret key"))
    assert "my secret key" not in str(refused.value)


def _read(lines: str) -> Organisation:
    return read_files({"site.toml": SITE.encode(), "lines.toml": lines.encode()})
