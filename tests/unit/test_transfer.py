"""The commands import, export and demo, as a script runs them."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.driver import Office, practice

GOOD = """\
case,action,on,patient,override
C-1,open,2026-11-02,patient-1,
C-1,submit,2026-11-03,,agreed
C-2,open,2026-11-02,patient-2,
"""


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return practice(tmp_path)


def saved(office: Office, text: str = GOOD, name: str = "in.csv") -> str:
    path = office.folder / name
    path.write_text(text)
    return str(path)


def test_an_import_says_what_went_in(office: Office) -> None:
    assert office.do("import", saved(office)).out == "2 of 2 cases (3 rows) imported\n"
    assert office.do("list", "--json").data["items"][0]["state"] == "pa_submitted"


def test_an_import_in_json(office: Office) -> None:
    assert office.do("import", "-", "--json", stdin=GOOD.encode()).data == {
        "schema": "casetrack.import/1",
        "rows": 3,
        "cases": 2,
        "rejected": 0,
        "dry_run": False,
    }


def test_a_bad_file_exits_4_and_changes_nothing(office: Office) -> None:
    before = office.written()
    done = office("import", saved(office, GOOD.replace("submit", "deny")), "--json")
    assert (done.code, done.out, done.error["kind"]) == (4, "", "Refused")
    assert done.error["reasons"][0].startswith("row 3: case C-1: action: not possible from intake")
    assert office.written() == before


def test_a_file_that_is_not_text_exits_2(office: Office) -> None:
    assert office("import", "-", stdin=b"case,action,on\n\xff,open,today\n").code == 2


def test_keep_going_exits_3_and_says_where_the_rejected_rows_are(office: Office) -> None:
    path = saved(office, GOOD.replace("submit", "deny"))
    done = office("import", path, "--keep-going", "--json")
    assert (done.code, done.data["cases"], done.data["rejected"]) == (3, 1, 1)
    rejected = office.folder / "in.rejected.csv"
    assert str(rejected) in done.error["message"]
    assert len(rejected.read_text().splitlines()) == 3


@pytest.mark.parametrize(("options", "code"), [((), 4), (("--keep-going",), 3)])
def test_a_dry_run_says_what_an_import_would(
    office: Office, options: tuple[str, ...], code: int
) -> None:
    before = office.bytes()
    path = saved(office, GOOD.replace("submit", "deny"))
    assert office("import", path, "--dry-run", *options).code == code
    after = {name: kept for name, kept in office.bytes().items() if name != "in.csv"}
    assert after.keys() == before.keys()
    assert "nothing was written" in office.do("import", saved(office), "--dry-run").out


def test_rejected_goes_with_keep_going(office: Office) -> None:
    assert office("import", saved(office), "--rejected", "x.csv").code == 2


def test_nothing_is_drawn_without_a_terminal(office: Office) -> None:
    assert office.do("import", saved(office)).err == ""


def test_an_export_to_a_file(office: Office) -> None:
    office.do("import", saved(office))
    path = office.folder / "out.csv"
    done = office.do("export", "--output", str(path), "--purpose", "audit", "--json")
    assert (done.data["schema"], done.data["rows"], done.data["cases"]) == (
        "casetrack.export/1",
        3,
        2,
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert office("export", "--output", str(path)).code == 4
    office.do("export", "--output", str(path), "--force")
    types = [body["type"] for body in office.bodies("00000000-0000-0000-0000-000000000000")]
    assert types == ["LedgerOpened", "DisclosureMade", "DisclosureMade"]


def test_an_export_is_imported_elsewhere(office: Office, tmp_path: Path) -> None:
    office.do("import", saved(office))
    text = office.do("export").out
    (tmp_path / "other").mkdir()
    other = practice(tmp_path / "other")
    other.do("import", "-", stdin=text.encode())
    assert other.do("list", "--json").data == office.do("list", "--json").data


def test_an_export_of_one_case(office: Office) -> None:
    office.do("import", saved(office))
    found = office.do("export", "C-2").out.splitlines()
    assert [line.partition(",")[0] for line in found] == ["case", "C-2"]


def test_json_goes_with_a_file(office: Office) -> None:
    assert office("export", "--json").code == 2


def test_a_reader_that_goes_away_is_told_nothing(office: Office) -> None:
    office.do("demo", "--json")
    command = f"{sys.executable} -m casetrack --db {office.db} export | head -c 4"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"case", b"")


def test_the_demo_makes_its_ledger_and_prints_the_report(tmp_path: Path) -> None:
    office = Office(tmp_path)
    done = office.do("demo")
    assert done.out.startswith("PRACTICE LEDGER")
    assert "DEMO-ACT-TODAY" in done.out
    assert "made a practice ledger" in done.err
    assert office("demo").code == 4


def test_the_demo_fills_an_empty_practice_ledger_in_json(office: Office) -> None:
    found = office.do("demo", "--json").data
    assert (found["schema"], found["practice"], found["cases"] >= 15) == (
        "casetrack.demo/1",
        True,
        True,
    )


def test_the_demo_refuses_a_real_ledger(tmp_path: Path) -> None:
    office = Office(tmp_path, now=None)
    office.do("db", "init")
    done = office("demo")
    assert done.code == 4
    assert "real ledger" in done.err
