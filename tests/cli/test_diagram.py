"""``workflow diagram``: printed or put in a file, of a workflow or of a case in it."""

import os
import stat
from pathlib import Path

import pytest

from tests.cli.driver import Office, denied, practice, run, submitted


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = practice(tmp_path_factory.mktemp("office"))
    submitted(made, "C-1")
    denied(made, "C-2")
    made.do("open", "--ref", "M-1", "--workflow", "ma-part-b-drug")
    return made


@pytest.mark.parametrize(
    ("form", "start"),
    [("svg", "<?xml"), ("mermaid", "stateDiagram-v2\n"), ("dot", "digraph workflow {\n")],
)
def test_it_is_printed_and_the_same_goes_to_a_private_file(
    tmp_path: Path, form: str, start: str
) -> None:
    made = run("workflow", "diagram", "il-commercial", "--format", form)
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith(start)
    target = tmp_path / "new" / "wall"
    filed = run("workflow", "diagram", "il-commercial", "--format", form, "--output", str(target))
    assert (filed.code, filed.out, filed.err) == (0, "", f"written: {target}\n")
    assert target.read_text("utf-8") == made.out
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_case_adds_its_path_and_what_runs(office: Office) -> None:
    """Denied on 24 November: 65 days end on 28 January, the law's 60 on the 23rd, a Saturday."""
    plain = office.do("workflow", "diagram", "humana-il-guide").out
    made = office.do("workflow", "diagram", "humana-il-guide", "--case", "C-2").out
    says = "File the internal appeal: legal last day Thu 2027-01-28, act by Fri 2027-01-22"
    assert f"appeal_filing#1: {says}" in made
    assert "C-2" in made
    assert "(2) Payer denies" in made
    assert "2027-01-28" not in plain


def test_nothing_of_the_patient_is_in_it_and_nothing_is_written(office: Office) -> None:
    before = office.written()
    for form in ("svg", "mermaid", "dot"):
        made = office.do("workflow", "diagram", "humana-il-guide", "--case", "C-1",
                         "--format", form).out  # fmt: skip
        assert "P 1" not in made
        assert "K-77" not in made
    assert office.written() == before


@pytest.mark.parametrize("form", ["mermaid", "dot"])
def test_what_is_said_of_the_case_is_a_sentence_of_its_own(office: Office, form: str) -> None:
    asked = ("workflow", "diagram", "humana-il-guide", "--case", "C-2", "--format", form)
    assert "guide's section. Case C-2 (practice ledger)" in office.do(*asked).out


def test_a_case_of_another_workflow_is_refused(office: Office) -> None:
    done = office("workflow", "diagram", "humana-il-guide", "--case", "M-1", "--json")
    assert (done.code, done.out) == (4, "")
    assert done.error["message"] == (
        "that case is in the workflow ma-part-b-drug, not in humana-il-guide"
    )


def test_an_unknown_workflow_or_case_is_named_with_what_there_is(office: Office) -> None:
    done = office("workflow", "diagram", "humana-il-gide")
    assert done.code == 4
    assert "did you mean 'humana-il-guide'?" in done.err
    assert office("workflow", "diagram", "humana-il-guide", "--case", "X-9").code == 4


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(office: Office, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for command in (["due"], ["workflow", "diagram", "humana-il-guide"]):
        done = office(*command, "--output", str(pipe))
        assert (done.code, done.out) == (4, "")
        assert "is a device or a pipe" in " ".join(done.err.split())
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


def test_json_holds_the_text_or_says_that_it_went_to_a_file(office: Office, tmp_path: Path) -> None:
    asked = ("workflow", "diagram", "humana-il-guide", "--format", "dot")
    shown = office.do(*asked, "--json").data
    assert shown == {
        "schema": "casetrack.workflow-diagram/1", "workflow": "humana-il-guide", "case": None,
        "format": "dot", "text": office.do(*asked).out,
    }  # fmt: skip
    filed = office.do(*asked, "--output", str(tmp_path / "x.dot"), "--json")
    assert filed.data["text"] is None
