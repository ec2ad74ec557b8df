"""workflow choose: asks at a terminal alone, and says which option it lacks elsewhere."""

import pytest

from casetrack.cli import regimes
from tests.cli.driver import Run, run


def choose(*words: str, stdin: bytes = b"") -> Run:
    return run("workflow", "choose", *words, stdin=stdin)


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regimes, "interactive", lambda: True)


@pytest.mark.usefixtures("_terminal")
@pytest.mark.parametrize(
    ("words", "typed", "head"),
    [
        ([], b"commercial\nself-funded\n", "no workflow is shipped for a self-funded"),
        ([], b"medicaid\n", "no workflow is shipped for Medicaid"),
        (["--plan", "commercial"], b"insured\nIL\n", "il-commercial, for a commercial plan"),
        ([], b"medicare\nmedicare-advantage\nmedical\n", "ma-part-b-drug, for a physician-"),
    ],
)
def test_at_a_terminal_it_asks_for_what_is_missing(
    words: list[str], typed: bytes, head: str
) -> None:
    done = choose(*words, stdin=typed)
    assert (done.code, done.out.startswith(head)) == (0, True)
    assert "What kind of plan is it?" in done.err or words
    assert "?" not in done.out


@pytest.mark.usefixtures("_terminal")
def test_json_is_the_answer_alone_whatever_was_asked() -> None:
    done = choose("--json", stdin=b"medicare-advantage\nmedical\n")
    assert done.data["schema"] == "casetrack.workflow-choose/1"
    assert (done.data["coverage"], done.data["workflow"]) == (
        "medicare-advantage", "ma-part-b-drug",
    )  # fmt: skip
    assert done.data["given"] == {"plan": "medicare-advantage", "benefit": "medical"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "give --plan: What kind of plan is it? medicare-advantage | original-medicare"),
        (["--plan", "medicare-advantage"], "give --benefit"),
        (["--plan", "commercial", "--state", "IL"], "give --funding"),
        (["--plan", "commercial", "--funding", "insured"], "give --state"),
        (["--plan", "comercial"], "did you mean 'commercial'?"),
        (["--plan", "medicaid", "--state", "ILL"], "state: not one of IL, other"),
    ],
)
def test_without_a_terminal_it_asks_nothing_and_says_what_to_give(
    words: list[str], says: str
) -> None:
    done = choose(*words, stdin=b"medicaid\n")
    assert (done.code, done.out) == (4, "")
    assert says in " ".join(done.err.split())


@pytest.mark.parametrize(
    ("words", "aside"),
    [
        (["--plan", "medicare-advantage", "--benefit", "medical", "--funding", "self-funded",
          "--state", "IL"], "funding, state: no part in this; was the kind of plan right?"),
        (["--plan", "medicaid", "--state", "IL"], "state: no part in this"),
        (["--plan", "commercial", "--funding", "self-funded"], None),
    ],
)  # fmt: skip
def test_what_plays_no_part_is_said_because_the_plan_may_be_mistaken(
    words: list[str], aside: str | None
) -> None:
    said = " ".join(choose(*words).out.split())
    assert ("left aside" in said) == (aside is not None)
    assert (aside or "") in said


def test_none_shipped_is_an_answer_and_null_in_json() -> None:
    done = choose("--plan", "medicaid", "--json")
    assert (done.code, done.data["workflow"], done.data["coverage"]) == (0, None, "medicaid")


@pytest.mark.parametrize("words", [["humana-il-guide", "ma-part-b-dru"], ["x", "il-commercial"]])
def test_a_comparison_with_an_unknown_workflow_is_refused(words: list[str]) -> None:
    done = run("workflow", "diff", *words)
    assert (done.code, done.out) == (4, "")
    assert "no workflow has that id" in done.err
