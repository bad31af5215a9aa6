"""Every key of a TOML file is found on the line it stands on."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.site.lines import line_numbers, line_of

SAMPLE = '''# people = "nobody"
[[person]]
id = "anna" # [[person]]
name = """
[[not.a.table]]
id = "no key"
"""
phones = [
  "+4512345678", # ]
  { number = "+45", shared = true },
]

[[person]]
"quoted key" = 'a = "b"'
dotted.key = 1

  [person.words]
  level_red = "Akut"

[[plan]]
[[plan.step]]
after_s = 0
[[plan.step]]
after_s = 15
[[plan]]
[[plan.step]]
after_s = 1
'''


def test_tables_and_keys_are_found_past_strings_comments_and_brackets() -> None:
    assert tomllib.loads(SAMPLE)
    lines = line_numbers(SAMPLE)
    assert lines == {
        ("person", 0): 2,
        ("person", 0, "id"): 3,
        ("person", 0, "name"): 4,
        ("person", 0, "phones"): 8,
        ("person", 1): 13,
        ("person", 1, "quoted key"): 14,
        ("person", 1, "dotted"): 15,
        ("person", 1, "dotted", "key"): 15,
        ("person", 1, "words"): 17,
        ("person", 1, "words", "level_red"): 18,
        ("plan", 0): 20,
        ("plan", 0, "step", 0): 21,
        ("plan", 0, "step", 0, "after_s"): 22,
        ("plan", 0, "step", 1): 23,
        ("plan", 0, "step", 1, "after_s"): 24,
        ("plan", 1): 25,
        ("plan", 1, "step", 0): 26,
        ("plan", 1, "step", 0, "after_s"): 27,
    }


def test_what_has_no_line_of_its_own_has_the_line_of_what_it_is_part_of() -> None:
    lines = line_numbers(SAMPLE)
    assert line_of(lines, ("person", 0, "phones", 1, "shared")) == 8
    assert line_of(lines, ("person", 1, "id")) == 13
    assert line_of(lines, ("nothing",)) is None


@given(st.text(alphabet="[]{}\"'#=.\n\\ab1 -", max_size=200))
def test_junk_never_crashes_the_scanner(text: str) -> None:
    line_numbers(text)
