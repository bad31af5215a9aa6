"""One phone is one address, whatever country it is of: held against Google's metadata.

Law 3 bars a presser by address, so two forms of one number would ring them.
"""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from dispatcher.channels.numbers import COUNTRIES, E164_DIGITS_LEAST, normalised

PEOPLE_HAVE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.VOIP)
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@pytest.mark.parametrize("region", REGIONS)
def test_a_number_of_any_country_is_read_and_a_trunk_zero_behind_its_code_falls_away(
    region: str,
) -> None:
    metadata = PhoneMetadata.metadata_for_region(region)
    assert metadata is not None
    for example in _examples(region):
        number = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        written = phonenumbers.format_number(example, PhoneNumberFormat.INTERNATIONAL)
        assert normalised(written, "DK") == number
        if metadata.national_prefix == "0":
            national = phonenumbers.national_significant_number(example)
            assert normalised(f"+{example.country_code} 0{national}", "DK") == number
            assert normalised(f"00{example.country_code} (0) {national}", "DK") == number


@pytest.mark.parametrize("country", sorted(set(COUNTRIES) - {"UK"}))
def test_a_number_written_at_home_is_the_same_number(country: str) -> None:
    for example in _examples(country):
        number = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        at_home = phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL)
        assert normalised(at_home, country) == number


def _examples(region: str) -> list[phonenumbers.PhoneNumber]:
    found = [phonenumbers.example_number_for_type(region, kind) for kind in PEOPLE_HAVE]
    numbers = [number for number in found if number is not None]
    return [
        number
        for number in numbers
        if len(phonenumbers.format_number(number, PhoneNumberFormat.E164)) > E164_DIGITS_LEAST
    ]
