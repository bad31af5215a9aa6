"""Phone numbers have one form, and no emergency number gets through in any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DomainError
from dispatcher.channels.numbers import COUNTRIES, emergency, normalised

EMERGENCY = ["112", "114", "110", "113", "116117", "1813", "911", "999", "000", "11414"]


@pytest.mark.parametrize(
    "text",
    [
        "112",
        "+45112",
        "0045 112",
        "+47 113",
        "1-1-2",
        "(112)",
        "112;ext=1",
        "tel:112",
        "sip:112@example.invalid",
        "sip:+45112@example.invalid;user=phone",
        "tel:%31%31%32",
        "tel:%2531%2531%2532",
        "\uff11\uff11\uff12",
        "tel\uff1a\uff11\uff11\uff12",
        "\u0661\u0661\u0662",
        "\u2460\u2460\u2461",
        "1\ufe0f\u20e31\ufe0f\u20e32\ufe0f\u20e3",
        "1\u200b1\u200d2",
        "\u202e112",
        "\u200b" * 500 + "112",
        "1\n1\n2",
        "0,112",
        "0w112",
        "0112",
        "9-911",
        "9112",
        "#31#112",
        "*31*112#",
        "+112",
        "+0045112",
        "011 45 112",
        "+45 (0) 112",
        "+49 0110",
        "+44999",
        "+1 911",
        "+61 000",
        "000",
        "+46 114 14",
        "+47 02800",
        "1813",
        "+45 1813",
        "116 117",
        "+45 116117",
        "+45 11 20 00 00",
        "CALLTO:112",
    ],
)
def test_no_emergency_number_passes_in_any_writing(text: str) -> None:
    for country in ("DK", "NO", "SE"):
        assert emergency(text, country), f"{text!r} would be sent from {country}"
        with pytest.raises(DomainError):
            normalised(text, country)


@pytest.mark.parametrize(
    "text", ["+420 116117", "+40116117", "00351 116 117", "+420 (0) 116 123", "tel:+7112"]
)
def test_no_helpline_of_a_country_outside_the_table_passes_behind_its_code(text: str) -> None:
    assert emergency(text, "DK"), text
    with pytest.raises(DomainError):
        normalised(text, "DK")


def test_a_code_is_not_seen_where_a_number_at_home_only_begins_like_one() -> None:
    for written, country in (
        ("20 11 61 17", "DK"),
        ("+46 8 11 61 17", "SE"),
        ("+4520116117", "DK"),
    ):
        assert emergency(written, country) is None


@pytest.mark.parametrize("country", ["DK", "NO"])
def test_where_an_exchange_stops_listening_at_112_nothing_may_begin_with_it(country: str) -> None:
    assert emergency("11 23 45 67", country) == "112"
    assert emergency("+45 11 23 45 67", country) == "112"


def test_a_nine_for_an_outside_line_is_seen_through_also_where_it_makes_a_local_number() -> None:
    assert emergency("911414", "FO") == "11414"
    assert emergency("9116117", "IS") == "116117"
    assert emergency("+298911414", "FO") is None


@given(
    number=st.sampled_from(EMERGENCY),
    country=st.sampled_from(sorted(COUNTRIES)),
    style=st.data(),
)
def test_no_emergency_number_passes_however_it_is_decorated(
    number: str, country: str, style: st.DataObject
) -> None:
    code = COUNTRIES[country].code
    prefix = style.draw(st.sampled_from(["", "0", "9", f"+{code}", f"00{code}", f"+{code}(0)"]))
    scheme = style.draw(st.sampled_from(["", "tel:", "TEL:", "sip:", "sips:", "callto:", " "]))
    tail = style.draw(
        st.sampled_from(["", ";ext=1", "@host.invalid", " ", "#", ",1", "x1", "?a=b"])
    )
    assert emergency(scheme + prefix + _spread(number, style) + tail, country)


@given(
    country=st.sampled_from(["DK", "NO", "SE", "DE", "UK", "US"]),
    style=st.data(),
)
def test_a_colleagues_number_is_never_taken_for_an_emergency(
    country: str, style: st.DataObject
) -> None:
    home = COUNTRIES[country]
    length = home.lengths[-1] if home.lengths else 10
    national = style.draw(st.from_regex(rf"[2-9][0-9]{{{length - 1}}}", fullmatch=True))
    for written in (f"+{home.code}{national}", f"00{home.code}{national}", home.trunk + national):
        assert emergency(written, country) is None
        assert normalised(written, country) == f"+{home.code}{national}"


@given(national=st.from_regex(r"(0|[2-9])[0-9]{7}", fullmatch=True), style=st.data())
def test_every_way_to_write_a_danish_number_is_one_number(
    national: str, style: st.DataObject
) -> None:
    prefix = style.draw(st.sampled_from(["+45", "+45 ", "0045", "(+45) ", "+45-", ""]))
    if not prefix and national.startswith("00"):
        prefix = "+45"
    written = prefix + _spread(national, style)
    number = normalised(written, "DK")
    assert number == f"+45{national}"
    assert normalised(number, "NO") == number


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("12345", "DK"),
        ("", "DK"),
        ("+", "DK"),
        ("+45 1234567", "DK"),
        ("+45 123456789", "DK"),
        ("4512345678", "DK"),
        ("+0012345678", "DK"),
        ("anna@bosted.invalid", "DK"),
        ("12 34 56 78 x", "DK"),
        ("+1 123 456 7890", "US"),
        ("12345678", "XX"),
        ("+4512345678901234", "DK"),
        ("+45+12345678", "DK"),
        ("9" * 5_000, "DK"),
    ],
)
def test_what_is_no_phone_number_is_refused_with_one_line_that_shows_how(
    text: str, country: str
) -> None:
    with pytest.raises(DomainError) as refused:
        normalised(text, country)
    line = str(refused.value)
    assert "is no phone number; write it as +" in line
    assert "\n" not in line
    assert len(line) < 300


@given(st.text(), st.sampled_from([*sorted(COUNTRIES), "", "??"]))
def test_junk_never_crashes(text: str, country: str) -> None:
    emergency(text, country)
    try:
        number = normalised(text, country)
    except DomainError:
        return
    assert number[0] == "+"
    assert number[1:].isascii()
    assert number[1:].isdigit()


def _spread(digits: str, style: st.DataObject) -> str:
    """The same digits with signs between them, some in another script."""
    full_width = str.maketrans(
        "0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19"
    )
    written = ""
    for digit in digits:
        odd = style.draw(st.booleans())
        written += digit.translate(full_width) if odd else digit
        written += style.draw(st.sampled_from(["", "", " ", "-", ".", "\u00a0", "\u200b", "/"]))
    return written
