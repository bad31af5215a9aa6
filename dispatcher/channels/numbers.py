"""Phone numbers: one form to store them in (E.164), and the numbers nobody may put in a plan. Pure.

Law 11: a person calls the police. `emergency` recognises an emergency or public helpline number in
whatever form it is written; it is asked by `apply`, by `check`, and again at each channel's sending
edge. It errs towards refusing: a few local numbers can be read as an outside line and a helpline.
A colleague's number written with its country code, as we store it, is longer than any of these and
never mistaken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from core.errors import DomainError

TEXT_MOST = 200
"""Longer text is no phone number, and is not looked at further."""

SCANNED_MOST = 10_000
"""An emergency number is looked for this far: marks nobody sees can stand before it."""

UNQUOTED_MOST = 3
"""How often percent signs are read: `%2531` hides a digit twice."""

E164_DIGITS_MOST = 15
E164_DIGITS_LEAST = 8
"""ITU-T E.164 sets the most; shorter ones with country code are service numbers, not people."""

REFUSED_EVERYWHERE = frozenset(
    "000 100 101 102 103 108 110 111 112 113 114 115 116 117 118 119 911 988 999 "
    "116000 116006 116016 116111 116117 116123 11313 11414 1177 1813 02800".split()
)
"""Emergency, police and medical numbers of any country, refused from every site: a phone roams,
and a provider in another country routes the number by its own list. 116xxx: the European helplines
of public value; 1813 and 1177: medical helplines (DK capital, SE); 11414 and 02800: the police
outside emergencies (SE, NO)."""


@dataclass(frozen=True, slots=True)
class Country:
    """How a country writes its numbers. `lengths`: digits after the code; empty: not checked.

    `trunk` stands before a national number and falls away behind the code. `firsts`: how a
    subscriber's number can begin, "" for anything.
    """

    code: str
    lengths: tuple[int, ...] = ()
    trunk: str = ""
    firsts: str = ""


COUNTRIES: Mapping[str, Country] = {
    "DK": Country("45", (8,)),
    "NO": Country("47", (8, 12)),  # 12: devices (M2M)
    "SE": Country("46", (7, 8, 9, 10), trunk="0"),
    "DE": Country("49", trunk="0"),
    "UK": Country("44", (9, 10), trunk="0"),
    "GB": Country("44", (9, 10), trunk="0"),
    "IE": Country("353", trunk="0"),
    "FI": Country("358", trunk="0"),
    "IS": Country("354", (7, 9)),
    "FO": Country("298", (6,)),
    "GL": Country("299", (6,)),
    "NL": Country("31", (9,), trunk="0"),
    "BE": Country("32", (8, 9), trunk="0"),
    "FR": Country("33", (9,), trunk="0"),
    "ES": Country("34", (9,)),
    "IT": Country("39"),
    "AT": Country("43", trunk="0"),
    "CH": Country("41", (9,), trunk="0"),
    "PL": Country("48", (9,)),
    "US": Country("1", (10,), trunk="1", firsts="23456789"),
    "CA": Country("1", (10,), trunk="1", firsts="23456789"),
    "AU": Country("61", (9,), trunk="0"),
    "NZ": Country("64", trunk="0"),
}
TRUNK_ZERO = frozenset(
    "20 211 212 213 218 231 232 233 234 243 249 250 251 252 254 255 256 260 261 262 263 264 265 "
    "27 291 31 32 33 353 355 358 359 370 373 374 377 380 381 382 383 385 386 387 389 40 41 421 "
    "423 43 44 46 49 508 51 53 54 55 57 58 590 591 593 594 595 596 598 60 61 62 63 64 66 686 81 "
    "82 84 850 855 856 86 880 886 90 91 92 93 94 95 961 962 963 964 966 967 970 971 972 976 977 "
    "98 994 995 996".split()
)
"""Codes behind which a 0 falls away (`+46 070…` is `+46 70…`); elsewhere it may be a digit."""

_CODES_OF_TWO = frozenset(
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 "
    "65 66 81 82 84 86 90 91 92 93 94 95 98".split()
)
"""Country codes are of one digit (1 and 7), of these two, or of three."""

_STOPS_AT_112 = ("45", "47")
"""Denmark and Norway give no subscriber a number that begins so: an exchange stops listening."""
_STOPS = ("110", "112", "113", "114")
_CODES = tuple(sorted({country.code for country in COUNTRIES.values()}, key=len))

_ZEROS = ("0", "00", "000", "011", "0011")
_NINES = ("9", "90", "900", "9011")
_SCHEME = re.compile(r"\s*(?:tel|callto|sms|sips?|facetime):(?://)?", re.IGNORECASE)
_SERVICE_CODE = re.compile(r"^(?:[*#]+\d{1,4}[*#])+")  # "#31#" hides the caller
_SEPARATORS = frozenset(" -.()/[]*#_~\u2010\u2011\u2012\u2013\u2014\u2212\u00b7\u2022")
_WRITTEN = re.compile(r"[\d\s().\-/+]+", re.ASCII)


def normalised(text: str, country: str) -> str:
    """The number in E.164 (`+4512345678`). Raises DomainError `invalid` with one clear line.

    A number without a country code is one of `country`. Emergency numbers are refused here too.
    """
    if len(text) > TEXT_MOST:
        raise _invalid(text[:20] + "…", country)
    reached = emergency(text, country)
    if reached:
        raise DomainError(
            "invalid",
            f"{text!r} reaches {reached}; emergency numbers and helplines are called by a person",
        )
    plain = "".join(_plain(text)).strip().lstrip("( ")
    if not _WRITTEN.fullmatch(plain) or "+" in plain[1:]:
        raise _invalid(text, country)
    digits = re.sub(r"\D", "", plain.replace("(0)", "") if _international(plain) else plain)
    number = _with_code(digits, plain, country)
    number = number and _without_trunk(number)
    if not number or not _possible(number):
        raise _invalid(text, country)
    return "+" + number


def emergency(number: str, country: str) -> str | None:
    """The emergency number or public helpline this text would reach, or None. Never raises.

    Sees through spaces and signs, foreign digits, `tel:` and `sip:`, percent signs, extensions,
    country codes with `+`, `00`, `011` or nothing, trunk zeros, and a prefix for an outside line.
    """
    for digits in _dialled(number[:SCANNED_MOST], country):
        if digits in REFUSED_EVERYWHERE:
            return digits
    return None


def _dialled(text: str, country: str) -> Iterator[str]:
    """Every string of digits an exchange could make of `text`."""
    home = COUNTRIES.get(country)
    for _ in range(UNQUOTED_MOST):
        text = unquote(text)
    plain = "".join(_plain(text)).strip()
    plain = _SERVICE_CODE.sub("", _SCHEME.sub("", plain, count=1))
    for part in (_leading_digits(plain), _leading_digits(plain.lower(), ",pw")):
        digits = part.lstrip("+")
        sent_as_written = part.startswith("+") and not digits.startswith("0")
        if part.startswith(("+", "00")):
            rest = _behind_any_code(digits.removeprefix("00"))
            yield rest
            yield rest.removeprefix("0")
        ways = (digits,) if sent_as_written else _behind_prefixes(digits, home)
        for rest in ways:
            yield from _national_forms(rest, home)
        if not sent_as_written:
            yield digits.removeprefix("9")  # also where 9 and the rest would be a local number


def _behind_any_code(digits: str) -> str:
    """What stands behind the country code, whatever country it is."""
    if digits[:1] in ("1", "7"):
        return digits[1:]
    return digits[2:] if digits[:2] in _CODES_OF_TWO else digits[3:]


def _behind_prefixes(digits: str, home: Country | None) -> Iterator[str]:
    """Without the way out: `00`, `011`, `0011`, a 0 or a 9 for an outside line."""
    yield digits
    whole = home is not None and len(digits) in home.lengths
    for prefix in _ZEROS if whole else (*_ZEROS, *_NINES):
        if digits.startswith(prefix):
            yield digits[len(prefix) :]


def _national_forms(digits: str, home: Country | None) -> Iterator[str]:
    yield digits
    if home and home.code in _STOPS_AT_112 and len(digits) in home.lengths:
        yield _stopped(digits)
    for code in _CODES:
        rest = digits.removeprefix(code)
        if rest != digits:
            yield rest
            yield rest.removeprefix("0")
            if code in _STOPS_AT_112:
                yield _stopped(rest)


def _stopped(national: str) -> str:
    return national[:3] if national.startswith(_STOPS) else national


def _plain(text: str) -> Iterator[str]:
    """Any script's digits as ASCII; marks nobody sees (joiners, directions) are dropped."""
    for letter in unicodedata.normalize("NFKC", text):
        value = unicodedata.digit(letter, None)
        category = unicodedata.category(letter)
        if value is not None:
            yield str(value)
        elif category in ("Cf", "Mn", "Me", "Cc") and not letter.isspace():
            continue
        elif category in ("Zs", "Zl", "Zp", "Cc"):
            yield " "
        elif category == "Pd":
            yield "-"
        else:
            yield letter


def _leading_digits(text: str, also: str = "") -> str:
    """The digits up to what ends a number: a letter, `@`, `;`, `?`; pauses in `also` are dialled
    through."""
    found: list[str] = []
    for letter in text:
        if letter.isdigit() or (letter == "+" and not found):
            found.append(letter)
        elif letter not in _SEPARATORS and letter not in also:
            break
    return "".join(found)


def _international(plain: str) -> bool:
    return plain.startswith(("+", "00"))


def _with_code(digits: str, plain: str, country: str) -> str | None:
    if plain.startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    home = COUNTRIES.get(country)
    if home is None:
        return None
    return home.code + digits.removeprefix(home.trunk)


def _without_trunk(number: str) -> str:
    """One phone must be one address, for law 3 bars by address."""
    for length in (1, 2, 3):
        code, rest = number[:length], number[length:]
        if code in TRUNK_ZERO:
            return code + rest.removeprefix("0")
    return number


def _possible(number: str) -> bool:
    if not E164_DIGITS_LEAST <= len(number) <= E164_DIGITS_MOST or number.startswith("0"):
        return False
    for country in COUNTRIES.values():
        rest = number.removeprefix(country.code)
        if rest != number:
            long_enough = not country.lengths or len(rest) in country.lengths
            return long_enough and (not country.firsts or rest[0] in country.firsts)
    return True


def _invalid(text: str, country: str) -> DomainError:
    home = COUNTRIES.get(country)
    length = home.lengths[0] if home and home.lengths else 8
    example = (f"+{home.code}" if home else "+45") + ("12345678" if length == 8 else "2345678901")
    return DomainError("invalid", f"{text!r} is no phone number; write it as {example}")
