"""One hostile string goes through every sink: kept to the byte, shown so that it can do no harm."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driver import Office, lines_of, packet_csv, practice, run

BIDI = "\u202e\u2066\u200f\u061c\u2069"
RAW = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff]")
FORMULA = re.compile(r"\s*[=+\-@\t\r]")
STARTS = [
    "=cmd()|'/c calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "'=1",
    " =leading blank",
    "\uff1dfullwidth",
    "  blanks around  ",
    "line\nINJECTED line\n\nINJECTED again\ttab\n",
]
INSIDE = [
    f"bidi {BIDI} evil",
    "sep\u2028INJECTED\u2029paragraph",
    "[/red][bold]x[/bold] [link=http://x.example]y[/link]",
    "\\x1b[31m \u241b[31m ]8;;http://x.example\\",
    "<script>alert(1)</script> <!-- & &amp; -->",
    "a | b || c `code` ``` *b* _i_ # h ~~s~~ $x$ ![i](javascript:x)",
    "it's \"quoted\" \\ back\\slash \\; semi;colon, comma ''",
    "'; DROP TABLE ledger; --",
    "%s {0} {name} ${HOME} $(id) `id`",
    "\U0001f469\U0001f3fd\u200d\u2695\ufe0f emoji \U0001f1fa\U0001f1f8",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "e\u0301 is not \u00e9; \ufb01 \u0130\u0131 \u1e9e",
    "Z\u0351\u036b\u0343a\u0324l\u0333go",
    "\u200b\ufeffzero width\u2060",
    "null none None nan true",
    "\uffff\ufffe\U0010ffff",
]
NAME_LIMIT = 200  # bytes


def packed(parts: Sequence[str]) -> Iterator[str]:
    """As many parts in a text as a patient's or a person's name may hold."""
    held = ""
    for part in parts:
        if len(f"{held} {part}".encode()) > NAME_LIMIT:
            yield held
            held = ""
        held = f"{held} {part}" if held else part
    yield held


TEXTS = [*STARTS, *packed(INSIDE)]


def keep(folder: Path, text: str) -> str:
    """``@FILE`` of a text: the one way to type a leading ``@``."""
    path = folder / "typed.txt"
    path.write_bytes(text.encode() + b"\n")
    return f"@{path}"


def planted(folder: Path, text: str) -> Office:
    """A case with the text wherever it may be typed."""
    office = practice(folder / "db")
    typed = keep(folder, text)
    office.do("open", "--ref", "C-1", f"--patient={typed}", f"physician={typed}")
    office.do("record", "C-1", "--from", "-", stdin=packet_csv())
    paper = folder / f"{text[:60].replace('/', ' ').strip()}.pdf"
    paper.write_bytes(b"x")
    office.do("record", "C-1", "diagnosis", "icd10=D67", f"notes={typed}", f"other_codes={typed}",
              f"other_codes=x;{BIDI}\\", "--file", str(paper))  # fmt: skip
    office.do("fire", "C-1", "submit", f"confirmation={typed}", f"--reason={typed}")
    office.do("fire", "C-1", "approve", f"authorization={typed}", "valid_through=2026-12-11")
    office.do("note", "C-1", typed, f"confirmation={typed}")
    office.do("fire", "C-1", "administer", f"hcpcs={typed}", f"ndc={typed}",
              f"--override={typed}", "--reason", "again", "--dry-run")  # fmt: skip
    return office


@pytest.fixture(scope="module", params=TEXTS, ids=ascii)
def text(request: pytest.FixtureRequest) -> str:
    """What may stand first, each alone, for there it decides; the rest in few texts."""
    return str(request.param)


@pytest.fixture(scope="module")
def office(text: str, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return planted(tmp_path_factory.mktemp("hostile"), text)


def values(office: Office) -> dict[tuple[int, str], Any]:
    """Every disclosed value of the case, but for what an import adds of its own."""
    found = office.do("history", "C-1", "--phi", "--json").data["entries"]
    return {
        (entry["version"], name): value
        for entry in found
        for name, value in entry["values"].items()
        if name != "import_sha256"
    }


# Kept


def test_it_comes_back_to_the_byte(office: Office, text: str) -> None:
    shown = office.do("show", "C-1", "--phi", "--json").data
    assert (shown["patient"], shown["fields"]["physician"]) == (text, text)
    assert shown["fields"]["confirmation"] == shown["fields"]["authorization"] == text
    newest = shown["evidence"]["diagnosis"][-1]["values"]
    assert (newest["notes"], newest["other_codes"]) == (text, [text, f"x;{BIDI}\\"])
    kept = values(office)
    assert kept[1, "patient"] == text
    assert text in {value for (_, name), value in kept.items() if name == "note"}
    assert text in {value for (_, name), value in kept.items() if name == "reason"}


def test_it_is_found_by_itself(office: Office, text: str, tmp_path: Path) -> None:
    typed = keep(tmp_path, text)
    items = office.do("find", typed, "--phi", "--json").data["items"]
    assert {item["value"] for item in items} == {text}
    for option in ("--patient", "--where=physician"):
        found = office.do("list", f"{option}={typed}", "--json").data["items"]
        assert [item["case"] for item in found] == ["C-1"]
    assert office.do("history", f"--patient={typed}", "--json").data["entries"]


def test_it_survives_an_export_and_an_import(office: Office, tmp_path: Path) -> None:
    sheet = tmp_path / "cases.csv"
    office.do("export", "--output", str(sheet))
    other = practice(tmp_path / "other")
    other.do("import", str(sheet))
    assert values(other) == values(office)
    again = tmp_path / "again.csv"
    other.do("export", "--output", str(again))
    assert again.read_bytes() == sheet.read_bytes()


def test_an_export_holds_no_formula_and_no_broken_row(office: Office, tmp_path: Path) -> None:
    sheet = tmp_path / "cases.csv"
    office.do("export", "--output", str(sheet))
    with sheet.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if FORMULA.match(cell)] == []
    assert office.do("export").out.encode() == sheet.read_bytes()


# Shown


def readings() -> Iterator[list[str]]:
    """Every command that shows something of a case, with all that it can show."""
    for command in (["show", "C-1"], ["history", "C-1"], ["explain", "C-1"], ["find", "x"]):
        yield [*command, "--phi"]
    yield ["due", "--within", "400d", "--phi"]
    yield from (["next", "C-1"], ["check", "C-1", "--for", "administer"], ["list"])


def test_text_moves_no_cursor_and_breaks_no_line(office: Office, text: str, tmp_path: Path) -> None:
    for arguments in (*readings(), ["find", keep(tmp_path, text), "--phi"]):
        done = office.do(*arguments) if arguments[0] != "check" else office(*arguments)
        assert RAW.findall(done.out) == [], arguments
        assert done.err == ""
        assert [line for line in lines_of(done.out) if line.startswith("INJECTED")] == []


def test_json_stands_on_one_line(office: Office) -> None:
    for arguments in readings():
        done = office(*arguments, "--json")
        assert done.out.count("\n") == 1, arguments
        json.loads(done.out)


def test_markdown_keeps_its_table(office: Office) -> None:
    out = office.do("due", "--within", "400d", "--format", "md", "--phi").out
    assert RAW.findall(out) == []
    grids = [line for line in lines_of(out) if line.startswith("|")]
    assert grids
    width = 0
    for line in lines_of(out):
        cells = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line))
        width = 0 if not line.startswith("|") else width or cells
        assert cells == width, line
    plain = re.sub(r"\\.", "", out)
    assert re.search(r"<script|\]\(|`code|\*b\*|<!--", plain) is None
    assert [line for line in lines_of(out) if line.startswith("INJECTED")] == []


def test_a_csv_report_holds_no_formula_and_one_line_a_row(office: Office) -> None:
    out = office.do("due", "--within", "400d", "--format", "csv", "--phi").out
    assert RAW.findall(out) == []
    rows = list(csv.reader(io.StringIO(out, newline=""), strict=True))
    assert len(rows) == len(list(lines_of(out)))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}
    numbers = {rows[0].index(name) for name in ("business_days_left", "calendar_days_left")}
    cells = [cell for row in rows for n, cell in enumerate(row) if n not in numbers]
    assert [cell for cell in cells if FORMULA.match(cell)] == []


# Names of people: on one line, and in the hashed body


@pytest.mark.parametrize("name", [text for text in TEXTS if "\n" not in text], ids=ascii)
def test_a_hostile_name_is_kept_and_shown_safely(tmp_path: Path, name: str) -> None:
    office = practice(tmp_path / "db")
    office("open", "--ref", "C-1", actor=name)
    office.do("record", "C-1", "inhibitor_test", "result=negative")
    office.do("assign", "--", "C-1", name)
    listed = office.do("list", "--json").data["items"][0]
    assert listed["assignee"] == name
    assert office.do("list", f"--assignee={name}", "--json").data["items"] == [listed]
    assert office.do("history", "C-1", "--json").data["entries"][0]["actor"] == name
    reports = [["due", "--within", "99d", "--format", form] for form in ("text", "md", "csv")]
    for arguments in (["list"], ["show", "C-1"], ["history", "C-1"], *reports):
        assert RAW.findall(office.do(*arguments).out) == []
    rows = csv.reader(io.StringIO(office.do("due", "--within", "99d", "--format", "csv").out))
    header, row = list(rows)
    assert FORMULA.match(row[header.index("assignee")]) is None
    sheet = tmp_path / "cases.csv"
    office.do("export", "--output", str(sheet))
    other = practice(tmp_path / "other")
    other.do("import", str(sheet))
    assert other.do("list", "--json").data["items"][0]["assignee"] == name
    assert other.do("history", "C-1", "--json").data["entries"][0]["actor"] == name


# Messages


def harmless(message: str) -> None:
    assert RAW.findall(message) == []
    assert [line for line in lines_of(message) if line.startswith("INJECTED")] == []


@pytest.mark.parametrize("text", [*TEXTS, "\x1b[31mred", "\x9b31m", "a\rb", "\x07"], ids=ascii)
def test_an_error_moves_no_cursor_and_breaks_no_line(tmp_path: Path, text: str) -> None:
    office = practice(tmp_path / "db")
    office.do("open", "--ref", "C-1")
    nowhere = tmp_path / "file"
    nowhere.touch()
    for arguments in (
        ["show", "--", text], ["fire", "--", "C-1", text], ["record", "--", "C-1", text],
        ["open", f"--workflow={text}"], ["open", f"--on={text}"], ["calc", f"--from={text}", "5bd"],
        ["note", "--", "C-1", "x", f"{text}=x"], ["fire", "C-1", "submit", f"method={text}"],
        ["explain", "--", "C-1", text], ["redact", "--reason=x", "--yes", "--", "C-1", text],
        ["calendar", "show", "--", text], ["workflow", "check", "--", text],
        ["due", f"--format={text}"], ["--", text], ["due", f"--output={nowhere}/{text}"],
        ["import", "--", text], ["db", "backup", "--", f"{nowhere}/{text}"],
    ):  # fmt: skip
        done = office("--debug", *arguments)
        assert done.code in {2, 4}, (arguments, done)
        harmless(done.err)


@pytest.mark.parametrize("text", [*TEXTS[-6:], "line\nINJECTED", "\x1b[31mred"], ids=ascii)
def test_a_message_about_a_file_moves_no_cursor_and_breaks_no_line(
    tmp_path: Path, text: str
) -> None:
    office = practice(tmp_path / "db")
    name = text.replace("/", " ")[:50]
    for arguments in (
        ["due", f"--output={tmp_path}/1{name}"],
        ["export", f"--output={tmp_path}/2{name}"],
        ["db", "backup", f"{tmp_path}/3{name}"],
    ):
        done = office.do(*arguments)
        harmless(done.out)
        harmless(done.err)
    made = run("--db", f"{tmp_path}/4{name}", "db", "init")
    shown = run("--db", f"{tmp_path}/4{name}", "--actor", text, "config", "show")
    counted = run("--db", f"{tmp_path}/4{name}", "db", "stats")
    for done in (made, shown, counted):
        harmless(done.out)
        harmless(done.err)
