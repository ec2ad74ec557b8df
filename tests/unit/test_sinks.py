"""No text, whatever it holds, is anything but text where it is shown."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.reports.sinks import csv_cell, csv_line, csv_uncell, markdown, terminal

HOSTILE = st.text(st.sampled_from("'=+-@\t\r\n\x1b\u202e\u2066\u2028\x85|`<>[]&\"; ab🧬א\ud800＝"))
TEXTS = st.text() | HOSTILE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("a\u202eb\u2066c\u200fd\u061ce", "a\\u202eb\\u2066c\\u200fd\\u061ce"),
        ("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\x85d"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\ud800\ufeff", "\\ud800\\ufeff"),
        ("שלום عربي 👩\u200d🔬 Zürich", "שלום عربي 👩\u200d🔬 Zürich"),
        ("C:\\path", "C:\\path"),
    ],
)
def test_a_terminal_shows_what_it_must_not_obey(text: str, shown: str) -> None:
    assert terminal(text) == shown


def test_lines_and_tabs_stand_where_several_lines_may() -> None:
    assert terminal("a\nb\tc\rd\x1b", multiline=True) == "a\nb\tc\\rd\\x1b"


@given(TEXTS)
def test_a_terminal_line_stays_one_line_and_can_be_encoded(text: str) -> None:
    shown = terminal(text)
    assert len(shown.splitlines()) <= 1
    assert terminal(shown) == shown
    assert not any(char < " " or "\x7f" <= char <= "\x9f" for char in shown)
    shown.encode()


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("''@", "'''@"),
        ("'quoted'", "'quoted'"),
        ("O'Hara", "O'Hara"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_a_cell_that_starts_a_formula_gets_one_apostrophe(text: str, cell: str) -> None:
    assert csv_cell(text) == cell
    assert csv_uncell(cell) == text


@given(TEXTS)
def test_what_a_cell_held_comes_back(text: str) -> None:
    assert csv_uncell(csv_cell(text)) == text


@given(TEXTS)
def test_no_cell_starts_a_formula(text: str) -> None:
    assert not csv_cell(text).lstrip().startswith(tuple("=+-@＝＋－＠"))
    assert not csv_cell(text).startswith(("\t", "\r"))


@given(TEXTS, TEXTS)
def test_another_text_is_another_cell(one: str, other: str) -> None:
    assert (csv_cell(one) == csv_cell(other)) == (one == other)


@given(st.lists(TEXTS, min_size=2))
def test_a_line_is_read_back_as_it_was(cells: list[str]) -> None:
    assert next(csv.reader(io.StringIO(csv_line(cells), newline=""))) == cells


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", "a\\|b"),
        ("<b>&amp;", "\\<b\\>\\&amp;"),
        ("[x](y)", "\\[x\\](y)"),
        ("*_`#\\", "\\*\\_\\`\\#\\\\"),
        ("a\nb\x1b", "a\\\\nb\\\\x1b"),
        ("https://example.org", "https\\://example.org"),
        ("www.example.org", "www\\.example.org"),
        ("a@example.org", "a\\@example.org"),
        ("at 10:00", "at 10:00"),
    ],
)
def test_markup_is_escaped(text: str, escaped: str) -> None:
    assert markdown(text) == escaped


@given(TEXTS)
def test_markdown_only_adds_backslashes_and_keeps_to_its_cell(text: str) -> None:
    escaped = markdown(text)
    assert _unescaped(escaped) == terminal(text)
    assert len(escaped.splitlines()) <= 1


def _unescaped(text: str) -> str:
    """As a reader of Markdown takes backslashes; a bare special character is an error."""
    found, chars = [], iter(text)
    for char in chars:
        assert char not in "`*_[]<>|#&"
        found.append(next(chars) if char == "\\" else char)
    return "".join(found)
