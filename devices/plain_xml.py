"""XML as nearly every sender writes it, fields one after another, read by one pattern.

A parser calls back for each tag and each text, which is most of what a message costs. What is
written in any other way (an entity, a comment, a field inside a field, another encoding) is `None`
here and the parser's, and so is whatever breaks a rule of XML: what is read here, the parser reads
to the same (tests/devices/test_plain_xml.py).
"""

from __future__ import annotations

import re

_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
_TEXT = r"[\t\n -%'-;=?-\ud7ff]*"
"""Of what XML may hold, all but brackets, the ampersand and the line ends a parser changes."""

_SPACE = r"[ \t\r\n]*"
_PROLOG = rf"""<\?xml version="1\.0"(?: encoding="(?:UTF-8|utf-8)")?{_SPACE}\?>{_SPACE}"""
_VALUE = r"[ !#-%'-;=?-\ud7ff]*"
_ATTRIBUTES = rf'(?: {_NAME}(?::{_NAME})?="{_VALUE}")*'
_OWN_ATTRIBUTES = rf'(?: {_NAME}="{_VALUE}")*'
"""Without a prefix: two names with one prefix each may mean the same."""

_FIELD = re.compile(rf"<({_NAME})>({_TEXT})</\1>")
_FIELDS = rf"(?:<(?P<tag>{_NAME})>{_TEXT}</(?P=tag)>{_SPACE})*"
_ATTRIBUTE = re.compile(rf' ({_NAME}(?::{_NAME})?)="({_VALUE})"')
_ELEMENT = re.compile(
    rf"(?:{_PROLOG})?<(?P<root>{_NAME})(?P<root_says>{_ATTRIBUTES})>{_SPACE}"
    rf"(?P<fields>{_FIELDS})</(?P=root)>{_SPACE}"
)
_MESSAGE = re.compile(
    rf"(?:{_PROLOG})?<(?P<root>{_NAME})(?P<root_says>{_ATTRIBUTES})>{_SPACE}"
    rf"<(?P<name>{_NAME})(?P<says>{_OWN_ATTRIBUTES})>{_SPACE}"
    rf"(?P<fields>{_FIELDS})</(?P=name)>{_SPACE}</(?P=root)>{_SPACE}"
)

Pairs = list[tuple[str, str]]


def fields_of(xml: bytes) -> tuple[str, Pairs] | None:
    """`<root><a>1</a><b>2</b></root>`: the root, and its fields in order."""
    found = _whole(_ELEMENT, xml)
    return None if found is None else (found["root"], _FIELD.findall(found["fields"]))


def message_of(xml: bytes) -> tuple[str, str, dict[str, str], Pairs] | None:
    """`<root><message id="1"><a>1</a></message></root>`: root, message, its attributes, fields."""
    found = _whole(_MESSAGE, xml)
    if found is None:
        return None
    says = _once(found["says"])
    if says is None:
        return None
    return found["root"], found["name"], says, _FIELD.findall(found["fields"])


def _whole(shape: re.Pattern[str], xml: bytes) -> re.Match[str] | None:
    try:
        found = shape.fullmatch(xml.decode())
    except UnicodeDecodeError:
        return None
    return None if found is None or _once(found["root_says"]) is None else found


def _once(said: str) -> dict[str, str] | None:
    """Attributes by name; None where one stands twice, which no XML may."""
    found = _ATTRIBUTE.findall(said)
    by_name = dict(found)
    return by_name if len(by_name) == len(found) else None
