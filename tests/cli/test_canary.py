"""A value of its own in every typed place: without ``--phi`` none of them is seen anywhere."""

import hashlib
import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from casetrack.catalog import workflows
from tests.cli.driver import LEDGER, NOW, Office, Run, practice, run

FLOW = workflows.load("humana-il-guide")
CANARY = re.compile(r"CNRY[0-9]{3}Q", re.IGNORECASE)
NUMBERS = {"days": "987654321", "units": "876543219", "percent": "1.918273645", "dob": "1931-07-19"}
FIXED = {
    "valid_through": "2027-06-30", "notice_on": "2026-11-24", "close_reason": "declined",
    "expedite_reason": "deterioration", "hereditary": "yes", "off_prophylaxis": "yes",
    "result": "negative", "confirmed": "yes", "in_network": "yes",
}  # fmt: skip


class Seeds:
    """Hands out canaries and remembers where each was put."""

    def __init__(self) -> None:
        self.where: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        made = f"CNRY{len(self.where):03}Q"
        self.where[made] = place
        return made

    def values(self, names: Sequence[str], place: str) -> list[str]:
        """Each field with a canary where its type takes one."""
        return [f"{name}={self._value(name, place)}" for name in names if self._value(name, "")]

    def _value(self, name: str, place: str) -> str:
        if name in NUMBERS:
            return NUMBERS[name]
        if FLOW.fields[name].type == "text":
            return self(f"{place}.{name}") if place else "x"
        return FIXED.get(name, "")


def seen(text: str) -> set[str]:
    """The canaries of all kinds in a text."""
    numbers = {number for number in NUMBERS.values() if number in text}
    return {found.upper() for found in CANARY.findall(text)} | numbers


def silent(done: Run) -> Run:
    assert seen(done.out) == set(), done.out
    assert seen(done.err) == set(), done.err
    return done


PATHS = {
    "C-A": [
        "submit", "request_info", "provide_info", "expedite", "refuse_expedite", "payer_missed",
        "deny", "peer_to_peer", "file_appeal", "withdraw_appeal", "file_appeal", "reject_request",
        "file_appeal", "uphold", "request_external_review", "uphold",
    ],
    "C-B": ["submit", "approve_in_part", "renew", "administer"],
    "C-C": ["submit", "deny", "file_appeal", "overturn", "close"],
    "C-D": ["submit", "deny", "reverse"],
    "C-E": ["submit", "approve"],
    "C-F": ["submit", "deny"],
}  # fmt: skip


def planted(folder: Path) -> tuple[Office, Seeds]:
    """Cases that pass through every trigger, with a canary in every typed place on their way."""
    office, seeds = practice(folder), Seeds()
    (folder.parent / "papers").mkdir()
    for ref, triggers in PATHS.items():
        opened = seeds.values(FLOW.open_fields, f"{ref} open")
        office.do("open", "--ref", ref, "--patient", seeds(f"{ref} patient"), *opened)
        for item, known in FLOW.items.items():
            paper = folder.parent / "papers" / f"{seeds(f'{ref} file name')}.pdf"
            paper.write_text(ref + item)
            office.do("record", ref, item, "--on", "2026-11-20", "--file", str(paper),
                      *seeds.values(known.fields, f"{ref} {item}"))  # fmt: skip
        for trigger in triggers:
            at = ["--at", "2026-11-24T15:00Z"] if FLOW.triggers[trigger].expedites else []
            office.do("fire", ref, trigger, *seeds.values(FLOW.triggers[trigger].fields, ref), *at,
                      "--reason", seeds(f"{ref} {trigger} reason"),
                      "--override", seeds(f"{ref} {trigger} override"))  # fmt: skip
        noted = seeds.values(FLOW.note_fields, f"{ref} note")
        office.do("note", ref, seeds(f"{ref} note"), *noted)
    change(office, seeds)
    return office, seeds


def change(office: Office, seeds: Seeds) -> None:
    """What is typed when deadlines and entries are changed, on a denied case."""
    ref, filing, last = "C-F", "appeal_filing", office.do("show", "C-F", "--json").data["version"]
    for number in (1, 2):
        office.do("plan", ref, seeds(f"title {number}"), "--due", "+5bd")
    office.do("done", ref, "plan#2")
    office.do("extend", ref, filing, "--to", "2027-06-01", "--basis", seeds("basis"),
              "--reason", seeds("extend reason"))  # fmt: skip
    for command in ("toll", "resume"):
        office.do(command, ref, filing, "--reason", seeds(f"{command} reason"))
    office.do("amend", ref, str(last), f"confirmation={seeds('amended')}",
              "--reason", seeds("amend reason"))  # fmt: skip
    office.do("record", ref, "denial_letter", f"notes={seeds('voided notes')}")
    office.do("void", ref, str(last + 8), "--reason", seeds("void reason"))


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, Seeds]:
    return planted(tmp_path_factory.mktemp("planted") / "db")


@pytest.fixture
def office(plant: tuple[Office, Seeds], tmp_path: Path) -> Office:
    """A copy of the planted ledger."""
    copy = Office(tmp_path / "db")
    plant[0].do("db", "backup", str(copy.db))
    return copy


def stored(plant: tuple[Office, Seeds]) -> dict[str, str]:
    """Where each canary is, but for overrides of what needed none: those are not kept."""
    text = repr(plant[0].rows("disclosure"))
    return {value: place for value, place in plant[1].where.items() if value in text}


def papers(plant: tuple[Office, Seeds]) -> Iterator[str]:
    """The digests of the evidence files, typed values too."""
    for path in (plant[0].folder.parent / "papers").iterdir():
        yield hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_trigger_and_every_sealed_field_is_planted(plant: tuple[Office, Seeds]) -> None:
    assert {trigger for path in PATHS.values() for trigger in path} == set(FLOW.triggers)
    sealed = {row[2] for row in plant[0].rows("disclosure")}
    fields = {name for name, field in FLOW.fields.items() if not field.clear}
    assert fields - sealed == set()
    lost = set(plant[1].where) - set(stored(plant))
    assert all("override" in plant[1].where[value] for value in lost)
    assert {"patient", "reason", "override", "note", "file_name", "file_sha256"} <= sealed
    assert {"title", "basis"} <= sealed


def test_no_hashed_body_holds_a_typed_value(plant: tuple[Office, Seeds]) -> None:
    office, _ = plant
    for table in ("ledger", "definition", "case_view", "deadline_view", "unsealed"):
        for row in office.rows(table) if table != "unsealed" else []:
            assert seen(repr(row)) == set(), table
    bodies = "\n".join(row[-1] for row in office.rows("ledger"))
    assert [digest for digest in papers(plant) if digest in bodies] == []


def test_no_unsalted_digest_of_a_typed_value_is_kept(plant: tuple[Office, Seeds]) -> None:
    office, seeds = plant
    bodies = "\n".join(row[-1] for row in office.rows("ledger"))
    for value in (*seeds.where, *NUMBERS.values(), *PATHS):
        assert hashlib.sha256(value.encode()).hexdigest() not in bodies
        assert hashlib.sha256(f'"{value}"'.encode()).hexdigest() not in bodies


# Every reading command, in every format


def readings() -> list[list[str]]:
    each = [["show"], ["next"], ["explain"], ["history"], ["check"], ["packet"]]
    lines = [[*command, ref] for ref in PATHS for command in each]
    for command in ("check", "packet"):
        lines += [[command, "C-A", "--for", trigger] for trigger in FLOW.triggers]
    lines += [
        ["workflow", "diagram", FLOW.id, "--case", ref, "--format", form]
        for ref in PATHS
        for form in ("svg", "mermaid", "dot")
    ]
    lines += [
        ["list"], ["list", "--overdue"], ["find", "CNRY"], ["find", "cnry000q"], ["find", "C-"],
        ["due"], ["due", "--within", "400d"], ["db", "stats"], ["db", "rebuild"],
        ["db", "upgrade"], ["config", "show"], ["workflow", "list"], ["calendar", "list"],
        ["fire", "C-F", "file_appeal", "confirmation=CNRY900Q", "--reason", "CNRY901Q",
         "--override", "CNRY902Q", "--dry-run"],
        ["list", "--patient", "CNRY000Q"], ["list", "--where", "confirmation=CNRY000Q"],
        ["history", "--patient", "CNRY000Q"], ["list", "--assignee", "CNRY000Q"],
        ["history", "--patient", "CNRY000Q", "--diff", "2026-08-01", "today"],
        ["audit", "conformance"], ["audit", "drift"], ["replay", "--all"],
    ]  # fmt: skip
    return [*lines, *[[*line, "--json"] for line in lines]]


@pytest.mark.parametrize("late", [NOW, "2027-09-01T16:00Z"])
def test_nothing_typed_is_in_any_output_without_phi(plant: tuple[Office, Seeds], late: str) -> None:
    office, _ = plant
    before = office.rows("ledger")
    for arguments in readings():
        done = office("--debug", *arguments, now=late)
        assert done.code in {0, 3, 4}, (arguments, done)
        silent(done)
        assert not any(digest in done.out for digest in papers(plant)), arguments
    assert office.rows("ledger") == before


@pytest.mark.parametrize("form", ["text", "md", "html", "csv", "json", "ics"])
def test_nothing_typed_is_in_a_report_without_phi(
    plant: tuple[Office, Seeds], tmp_path: Path, form: str
) -> None:
    office, _ = plant
    for late in (NOW, "2027-09-01T16:00Z"):
        silent(office("due", "--within", "400d", "--format", form, now=late))
        target = tmp_path / "due"
        silent(office("due", "--format", form, "--output", str(target), now=late))
        assert seen(target.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("form", ["text", "md", "html", "json"])
def test_a_packet_tells_what_was_typed_only_with_phi(
    plant: tuple[Office, Seeds], office: Office, tmp_path: Path, form: str
) -> None:
    """Then the evidence that the step asks for, its file names, and nothing of other cases."""
    target, places = tmp_path / "sheet", set()
    for step in ("submit", "file_appeal"):
        line = ["packet", "C-F", "--for", step, "--format", form]
        for more in ([], ["--output", str(target)]):
            silent(office.do(*line, *more))
        written = target.read_text(encoding="utf-8")
        assert seen(written) == set()
        assert not any(digest in written for digest in papers(plant))
        told = seen(office.do(*line, "--phi").out)
        places |= {plant[1].where[value] for value in told - set(NUMBERS.values())}
    assert {"C-F patient", "C-F denial_letter.notes", "C-F diagnosis.icd10"} <= places
    assert "C-F file name" in places
    assert all(place.startswith("C-F") for place in places)


def test_a_write_says_nothing_of_what_was_typed(office: Office) -> None:
    office.do("open", "--ref", "N-1")
    for arguments in (
        ["record", "N-1", "approved_center", "center=CNRY900Q"],
        ["note", "N-1", "CNRY901Q", "confirmation=CNRY902Q", "kind=call"],
        ["fire", "N-1", "submit", "confirmation=CNRY903Q", "--override", "CNRY904Q"],
        ["fire", "N-1", "approve", "authorization=CNRY905Q", "valid_through=2027-06-30",
         "--reason", "CNRY906Q", "--idempotency-key", "k1"],
        ["fire", "N-1", "approve", "authorization=CNRY905Q", "valid_through=2027-06-30",
         "--reason", "CNRY906Q", "--idempotency-key", "k1"],
        ["redact", "N-1", "center", "--reason", "CNRY907Q", "--yes"],
        ["open", "--patient", "CNRY908Q", "physician=CNRY909Q"],
        ["open", "--patient", "CNRY908Q", "physician=CNRY909Q", "--json"],
    ):  # fmt: skip
        assert silent(office(*arguments)).code == 0


# Errors


def misplaced() -> list[list[str]]:
    """A canary wherever something else belongs."""
    bad = "CNRY999Q"
    lines = [
        ["packet", bad], ["packet", "C-F", "--for", bad], ["packet", "C-F", "--format", bad],
        ["packet", "C-F", "--phi", "--for", bad],
        ["show", bad], ["next", bad], ["check", bad], ["explain", bad], ["history", bad],
        ["record", bad, "age"], ["note", bad, bad], ["assign", bad, bad],
        ["fire", bad, "close"], ["redact", bad, "--all", "--reason", bad, "--yes"],
        ["fire", "C-F", bad], ["fire", "C-F", "close", bad], ["check", "C-F", "--for", bad],
        ["record", "C-F", bad], ["record", "C-F", "age", bad], ["explain", "C-F", bad],
        ["redact", "C-F", bad, "--reason", bad, "--yes"], ["redact", "C-F", "--all"],
        ["redact", "C-F", "--entry", bad, "--reason", "x", "--yes"],
        ["redact", "C-F", "--all", "--reason", bad],
        ["show", "C-F", bad], [bad], [f"--{bad}"], ["show", f"--{bad}=x"], ["show", "-C" + bad],
        ["workflow", bad], ["workflow", "show", bad], ["calendar", "show", bad],
        ["calendar", "show", "illinois-state", "--year", bad],
        ["calc", bad, "--from", "2026-11-24"], ["calc", "5bd", "--from", bad],
        ["calc", "5bd", "--from", "2026-11-24", "--calendar", bad],
        ["calc", "5bd", "--from", "2026-11-24", "--roll", bad],
        ["calc", f"humana-il-guide/{bad}", "--from", "2026-11-24"],
        ["calc", f"{bad}/pa_decision", "--from", "2026-11-24"],
        ["due", "--within", bad], ["due", "--owner", bad], ["due", "--format", bad],
        ["due", "--fail-on", bad], ["list", "--limit", bad], ["list", "--where", bad],
        ["list", "--patient", f"@/no/{bad}"], ["history", "--patient", bad],
        ["history", "C-F", "--as-of", bad], ["history", "C-F", "--known-at", bad],
        ["open", "--workflow", bad], ["open", "--ref", f"{bad}/{bad}"], ["open", "--on", bad],
        ["open", "--ref", "C-F", "--patient", bad],
        ["open", "--patient", bad + "\x1b"], ["open", "--patient", bad * 40],
        ["open", "--patient", f"@/no/{bad}"],
        ["note", "C-F", bad + "\x07"], ["note", "C-F", bad * 9000], ["note", "C-F", f"@/no/{bad}"],
        ["note", "C-F", bad, f"kind={bad}"], ["note", "C-F", bad, f"confirmation=@/no/{bad}"],
        ["record", "C-F", "age", "--file", f"/no/{bad}"],
        ["record", "C-F", "--from", f"/no/{bad}"], ["record", "C-F", "age", "--on", bad],
        ["fire", "C-F", "file_appeal", "--at", bad], ["fire", "C-F", "file_appeal", "--on", bad],
        ["fire", "C-F", "close", "close_reason=declined", "--reason", bad + "\x1b"],
        ["fire", "C-F", "close", "--if-version", bad],
        ["fire", "C-F", "close", "close_reason=declined", "--if-version", "1", "--reason", bad],
        ["fire", "C-F", "close", "close_reason=declined", "--idempotency-key", f"{bad} {bad}"],
        ["fire", "C-A", "approve", f"authorization={bad}"],
        ["import", f"/no/{bad}"], ["export", bad],
        *(["audit", "export", *more, "--format", "bundle", "--output", "x"] for more in (
            [bad, "--purpose", bad], ["--patient", bad, "--purpose", bad],
            ["C-F", "--purpose", bad, "--as-of", bad], ["C-F", "--purpose", bad + "\x1b"],
            ["C-F", "--purpose", f"@/no/{bad}"], ["C-F", "--purpose", bad * 9000],
        )),
        ["audit", "export", "--format", bad, "--purpose", bad, "--output", bad],
        ["audit", "files", f"/no/{bad}"], ["audit", "files", "/", bad],
    ]  # fmt: skip
    for trigger, known in FLOW.triggers.items():
        lines += [["fire", "C-A", trigger, f"{name}={bad}"] for name in known.fields]
        lines += [["fire", "C-A", trigger, f"{name}={bad}\x1b"] for name in known.fields]
    for item, entry in FLOW.items.items():
        lines += [["record", "C-F", item, f"{name}={bad}\x9b"] for name in entry.fields]
        lines += [["record", "C-F", item, f"{name}={bad * 2100}"] for name in entry.fields]
        lines += [
            ["record", "C-F", item, f"{name}={bad}"]
            for name in entry.fields
            if FLOW.fields[name].type != "text"
        ]
    return lines


def test_no_error_and_no_trace_repeats_what_was_typed(office: Office) -> None:
    before = office.written()
    for arguments in misplaced():
        for more in ([], ["--json"]):
            done = silent(office("--debug", *arguments, *more))
            assert done.code in {2, 4}, (arguments, done)
    assert office.written() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["fire", "C-F", "close", "CNRY999Q is ill=yes"],
        ["open", "CNRY999Q=x"],
        ["note", "C-F", "text", "CNRY999Q, born 1931-07-19=x"],
        ["list", "--where", "CNRY999Q=x"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_a_field_name_is_not_repeated_as_one(
    office: Office, arguments: list[str]
) -> None:
    silent(office(*arguments))


@pytest.mark.parametrize("option", ["--now", "--actor"])
def test_no_error_repeats_a_setting_that_is_wrong(office: Office, option: str) -> None:
    if option in {
        "--db",
        "--config",
    }:  # where the ledger lies is no typed value, and has to be told
        pytest.skip("a path is told")
    done = run("--debug", "--db", str(office.db), option, "CNRY999Q\x1b", "note", "C-F", "x")
    assert silent(done).code == 2


IMPORT = "case,action,on,patient,text,override,reason,dob,days,confirmation,close_reason\n"
BAD_ROWS = [
    "N-1,open,2026-11-20,CNRY901Q,CNRY902Q,,,,,,",
    "CNRY900Q/x,open,2026-11-20,CNRY901Q,,,,,,,",
    "N-1,CNRY903Q,2026-11-20,,,,,,,,",
    "N-1,open,CNRY904Q,CNRY901Q,,,,,,,",
    "N-1,open,2026-11-20,CNRY901Q,,,,CNRY905Q,,,",
    "C-F,record:age,2026-11-20,,,,,CNRY905Q,,,",
    "C-F,record:CNRY906Q,2026-11-20,,,,,,,,",
    "C-F,record:exposure_days,2026-11-20,,,,,,CNRY907Q,,",
    "C-F,close,2026-11-24,,,,CNRY908Q,,,,CNRY909Q",
    "C-F,approve,2026-11-24,,,,CNRY908Q,,,CNRY910Q,",
    "C-F,note,2026-11-24,,CNRY911Q\x07,,,,,,",
    "C-F,note,2026-11-24,CNRY912Q,CNRY911Q,,,,,,",
    'C-F,note,2026-11-24,,"CNRY911Q,,,,,,',
    "C-F,note,2026-11-24,,CNRY911Q,,,,,,,,,,CNRY913Q",
    "C-F,assign,2026-11-24,,CNRY914Q\x1b,,,,,,",
]


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_rejected_import_repeats_no_cell(office: Office, tmp_path: Path, row: str) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(f"{IMPORT}{row}\n", encoding="utf-8")
    before = office.written()
    for more in ([], ["--json"], ["--dry-run"]):
        assert silent(office("--debug", "import", str(sheet), *more)).code in {2, 3, 4}
    kept = silent(office("--debug", "import", str(sheet), "--keep-going", "--json"))
    assert kept.code in {2, 3, 4}
    assert office.written() == before


def test_an_import_header_repeats_no_cell(office: Office) -> None:
    for header in (b"CNRY900Q,action\nx,y\n", b"case,action,on,CNRY900Q\nN-1,open,2026-11-20,x\n"):
        assert silent(office("--debug", "import", "-", stdin=header)).code in {2, 4}


UNEXPECTED = [
    "casetrack.domain.decide.fire",
    "casetrack.domain.consequences.of",
    "casetrack.ledger.codec.text",
    "casetrack.domain.fields.read_value",
    "casetrack.ledger.writing.write_views",
]


@pytest.mark.parametrize("place", UNEXPECTED)
@pytest.mark.parametrize("kind", [RuntimeError, KeyError, ValueError, OSError, UnicodeError])
def test_an_unexpected_error_repeats_nothing_even_when_traced(
    office: Office, monkeypatch: pytest.MonkeyPatch, place: str, kind: type[Exception]
) -> None:
    message = "CNRY999Q"

    def fail(*given: object, **named: object) -> None:
        raise kind(f"{message} {given} {named}")

    monkeypatch.setattr(place, fail)
    firing = ["fire", "C-F", "file_appeal", "confirmation=CNRY998Q", "--override", "CNRY997Q"]
    for more in ([], ["--json"]):
        done = silent(office("--debug", *firing, *more))
        assert (done.code, done.out) == (1, "")
    assert kind.__name__ in office("--debug", *firing).err


# The database's own messages


def ruin(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


RUINS = {
    "no disclosures": "DROP TABLE disclosure",
    "no values": "DROP TABLE value_view",
    "no cases": "DROP TABLE case_view",
    "a message with the value": "CREATE TRIGGER t BEFORE INSERT ON value_view"
    " BEGIN SELECT RAISE(ABORT, 'CNRY999Q'); END",
    "a message with the text": "CREATE TRIGGER t BEFORE INSERT ON disclosure"
    " BEGIN SELECT RAISE(FAIL, 'CNRY999Q'); END",
    "a column less": "ALTER TABLE value_view RENAME COLUMN value TO cnry999q",
}


@pytest.mark.parametrize("name", RUINS)
def test_a_database_error_repeats_nothing(office: Office, name: str) -> None:
    ruin(office.db, RUINS[name])
    for arguments in (
        ["note", "C-F", "CNRY998Q", "confirmation=CNRY997Q"],
        ["open", "--patient", "CNRY996Q", "physician=CNRY995Q"],
        ["list", "--patient", "CNRY994Q"],
        ["find", "CNRY993Q"],
        ["show", "C-F"],
        ["history", "C-F", "--json"],
    ):
        for more in ([], ["--json"]):
            silent(office("--debug", *arguments, *more))


def test_a_disclosure_that_was_changed_is_not_repeated(office: Office) -> None:
    ruin(
        office.db,
        "DROP TRIGGER disclosure_update",
        "UPDATE disclosure SET text = replace(text, 'CNRY', 'CNRY999Q')",
    )
    for arguments in (["show", "C-F"], ["history", "C-F"], ["note", "C-F", "x"]):
        assert silent(office("--debug", *arguments)).code == 5


# With --phi


def own_stream(office: Office) -> list[dict[str, Any]]:
    return [body for body in office.bodies(LEDGER) if body["type"] == "DisclosureMade"]


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize(
    ("arguments", "kinds"),
    [
        (["show", "C-F"], ["patient", "center", "physician"]),
        (["history", "C-F"], ["patient", "note", "reason", "override", "file name", "center"]),
        (["explain", "C-F"], []),
        (["find", "CNRY"], ["confirmation", "authorization", "denial_reference"]),
        (["due", "--within", "400d"], ["patient"]),
    ],
    ids=lambda value: value[0] if value else "",
)
def test_with_phi_it_is_seen_and_that_is_recorded(
    plant: tuple[Office, Seeds], office: Office, arguments: list[str], kinds: list[str],
    form: list[str],
) -> None:  # fmt: skip
    before = len(own_stream(office))
    done = office.do(*arguments, "--phi", *form)
    found = {plant[1].where[value] for value in seen(done.out) if value in plant[1].where}
    assert [kind for kind in kinds if not any(kind in place for place in found)] == []
    made = own_stream(office)
    assert len(made) == before + 1
    assert made[-1]["data"]["command"] == arguments[0]
    assert made[-1]["data"]["cases"], "the cases whose values left are named"
    assert seen(str(made)) == set()


def test_where_nothing_is_shown_nothing_is_said_to_be_disclosed(tmp_path: Path) -> None:
    """An entry that lists no case says that all were disclosed."""
    office = practice(tmp_path / "db")
    office.do("open", "--ref", "C-1", "--patient", "P 1")
    for arguments in (["due", "--phi"], ["find", "no-such", "--phi"]):
        assert "P 1" not in office.do(*arguments).out
    assert own_stream(office) == []


def test_what_is_refused_after_all_was_not_disclosed(office: Office) -> None:
    before = office.written()
    assert office("show", "NOPE", "--phi").code == 4
    assert office("history", "C-F", "--phi", "--as-of", "24.11.2026").code == 2
    assert office("explain", "C-F", "no_such", "--phi").code == 4
    assert office("due", "--phi", "--within", "soon").code == 2
    assert office.written() == before


def test_an_export_always_discloses(
    plant: tuple[Office, Seeds], office: Office, tmp_path: Path
) -> None:
    before = len(own_stream(office))
    target = tmp_path / "cases.csv"
    silent(office.do("export", "--output", str(target), "--purpose", "CNRY999Q"))
    out = office.do("export", "C-F").out
    left = {plant[1].where[value] for value in set(stored(plant)) - seen(target.read_text("utf-8"))}
    assert left == {"C-F note.confirmation", "voided notes", "amend reason", "void reason"}
    assert seen(out) != set()
    assert target.stat().st_mode & 0o777 == 0o600
    made = own_stream(office)
    assert [body["data"]["command"] for body in made[before:]] == ["export", "export"]
    assert seen(str(office.rows("ledger"))) == set()


# Taking it all back


def test_after_a_redaction_no_byte_of_it_is_left(
    plant: tuple[Office, Seeds], office: Office
) -> None:
    for ref in PATHS:
        office.do("find", "CNRY", "--phi")
        case_id = office.do("show", ref, "--json").data["id"]
        office.do("redact", ref, "--all", "--reason", "asked to", "--yes")
        assert case_id in office.do("list", "--json").out
    left = office.bytes()
    values = [*plant[1].where, *NUMBERS.values(), *PATHS, *papers(plant)]
    for name, content in left.items():
        assert [value for value in values if value.encode() in content] == [], name
        assert CANARY.search(content.decode("latin-1")) is None, name
    for row in office.do("list", "--json").data["items"]:
        for command in (["show"], ["history"], ["explain"]):
            silent(office.do(*command, row["case"], "--phi"))


def test_one_value_redacted_leaves_no_byte_and_takes_no_other(
    plant: tuple[Office, Seeds], office: Office
) -> None:
    (patient,) = (value for value, place in plant[1].where.items() if place == "C-F patient")
    office.do("redact", "C-F", "patient", "--reason", "asked to", "--yes")
    content = b"".join(office.bytes().values())
    assert patient.encode() not in content
    rest = [value for value in stored(plant) if value != patient]
    assert [value for value in rest if value.encode() not in content] == []


def test_a_redacted_value_is_told_apart_from_a_sealed_one(office: Office) -> None:
    office.do("redact", "C-F", "patient", "--reason", "asked to", "--yes")
    text = office.do("history", "C-F", "--phi").out
    assert re.search(r"patient\s+redacted", text)
    assert not re.search(r"\bsealed\b", text)


def test_a_backup_keeps_what_was_redacted_only_if_made_before(
    plant: tuple[Office, Seeds], office: Office, tmp_path: Path
) -> None:
    (patient,) = (value for value, place in plant[1].where.items() if place == "C-F patient")
    office.do("redact", "C-F", "patient", "--reason", "asked to", "--yes")
    office.do("db", "backup", str(tmp_path / "later" / "cases.db"))
    assert patient.encode() not in (tmp_path / "later" / "cases.db").read_bytes()
    shutil.rmtree(tmp_path / "later")
