"""The line that a problem names is the one on which its key stands."""

import tomllib

import pytest

from casetrack.catalog import resources
from casetrack.catalog.lines import NOWHERE, Lines
from tests.own import CLINIC, GUIDE

TEXTS = {
    **{name: resources.workflow_text(name) for name in resources.workflow_ids()},
    **{name: resources.calendar_text(name) for name in resources.calendar_ids()},
    "guide": GUIDE,
    "clinic": CLINIC,
}
ODD = '''# a comment = "no key"
"a b" = 1 # [not]
'c.d' = """
[no]
table = "here"
"""
list = [ # ]
  "]", '[', # x = 1
  { inner = 1 },
]
e.f = \'\'\'
g = 1\'\'\'

[ table . "in side" ]
x = {a = "}", b = [1,
 2]}
[[many]]
x = 1
[many.below]
y = 1
[[many]]
x = 2
[[many.deep]]
z = 1
[[many.deep]]
z = 2
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("'a b'", 2),
        ("'c.d'", 3),
        ("list", 7),
        ("list[1]", 7),
        ("list[2].inner", 7),
        ("e.f", 11),
        ("table.'in side'", 14),
        ("table.'in side'.x", 15),
        ("table.'in side'.x.b[1]", 15),
        ("many[0].x", 18),
        ("many[0].below.y", 20),
        ("many[0].gone", 17),
        ("many[1].x", 22),
        ("many[1].deep[0].z", 24),
        ("many[1].deep[1].z", 26),
    ],
)
def test_a_key_has_the_line_that_it_stands_on(key: str, line: int) -> None:
    tomllib.loads(ODD)
    assert Lines(ODD).words(key) == f"line {line}: "


@pytest.mark.parametrize("key", ["", "no", "inner", "g", "[no]", "many[9]", "]", "[[[", "a..b"])
def test_what_does_not_stand_there_has_no_line(key: str) -> None:
    assert Lines(ODD).words(key) == NOWHERE.words(key) == ""


@pytest.mark.parametrize("name", TEXTS)
def test_every_table_and_key_of_a_real_file_has_its_own_line(name: str) -> None:
    """Counted with nothing but the shape that these files have: one key or heading a line."""
    text = TEXTS[name]
    lines, table, counts = Lines(text), "", dict[str, int]()
    found = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("["):
            table = line.strip("[]")
            if line.startswith("[["):
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}[{counts[table]}]"
            key = table
        elif line[:1].isalpha() and " = " in line:
            key = ".".join(filter(None, (table, line.partition(" = ")[0])))
        else:
            continue
        assert lines.words(key) == f"line {number}: ", key
        found += 1
    assert found > 5


def test_a_calendar_s_day_has_the_line_of_its_date() -> None:
    lines = Lines(CLINIC, tomllib.loads(CLINIC))
    assert lines.words("days[2026-11-02].name") == "line 14: "
    assert lines.words("days[2026-11-03].name") == ""


@pytest.mark.parametrize("text", ["a = [1", "= 1", '[a\n"', "a = '''", "\0", "a = 1\n]]\nb = 2"])
def test_a_broken_text_makes_no_trouble(text: str) -> None:
    assert Lines(text).words("b") == ""
