"""``workflow adopt`` and ``open --follows``, as a script runs them."""

import threading
from pathlib import Path

import pytest

from casetrack.domain.fold import replay
from casetrack.service import adopting
from casetrack.service.tracker import Tracker
from casetrack.service.typed import Adopting, Opening
from tests.cli.driver import Office, practice
from tests.editions import later, ship, with_clock
from tests.fakes import FakeClock
from tests.offices import reopened
from tests.own import CLINIC
from tests.own import GUIDE as FOLDER_GUIDE
from tests.world import GUIDE, instant

NEWER = with_clock(GUIDE, "appeal_filing", length="20d", law=None)
JANUARY = "2027-01-04T15:00Z"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return practice(tmp_path, "2026-11-02T16:00Z")


def opened(office: Office, ref: str, *more: str) -> str:
    office.do("open", "--ref", ref, "--workflow", "humana-il-guide", "--patient", "P 1", *more)
    return ref


def denied(office: Office, ref: str) -> str:
    opened(office, ref)
    office.do("fire", ref, "submit", "method=portal", "--at", "2026-11-02T09:00", "--override", "x")
    office.do("fire", ref, "deny", "notice_on=2026-11-02", "reason_code=other")
    return ref


def test_a_case_goes_over_and_what_moves_is_told(office: Office) -> None:
    """Notice of 2 November: 180 days in Illinois end on 1 May, a Saturday, so by 30 April."""
    denied(office, "C-1")
    done = office.do("workflow", "adopt", "il-commercial", "--case", "C-1", "--json").data
    (item,) = done["items"]
    assert done["schema"] == "casetrack.workflow-adopt/1"
    assert (done["workflow"], done["dry_run"]) == ("il-commercial", False)
    assert done["counts"] == {"adopted": 1, "already": 0, "refused": 0, "lapsed": 0}
    assert (item["case"], item["status"], item["state"]) == ("C-1", "adopted", "denied")
    (moved,) = item["moved"]
    assert (moved["deadline"], moved["due_on"], moved["act_by"], moved["why"]) == (
        "appeal_filing#1", "2027-05-01", "2027-04-30", "adopted",
    )  # fmt: skip
    assert moved["was"]["due_on"] == "2027-01-06"
    shown = office.do("show", "C-1", "--json").data
    assert (shown["workflow"], shown["definition"]) == ("il-commercial", done["definition"])


def test_a_dry_run_says_the_same_of_a_real_ledger_and_writes_nothing(office: Office) -> None:
    denied(office, "C-1")
    before = office.written()
    told = office.do("workflow", "adopt", "il-commercial", "--case", "C-1", "--dry-run", "--json")
    assert office.written() == before
    done = office.do("workflow", "adopt", "il-commercial", "--case", "C-1", "--json")
    keep = ("armed", "closed", "moved", "reopened", "dropped", "unused", "from", "to")
    assert [told.data["items"][0][n] for n in keep] == [done.data["items"][0][n] for n in keep]


def test_what_is_followed_already_says_so_and_writes_nothing(office: Office) -> None:
    denied(office, "C-1")
    before = office.written()
    done = office.do("workflow", "adopt", "humana-il-guide", "--case", "C-1")
    assert "already" in done.out
    assert office.written() == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("il-commercial",), 2),
        (("il-commercial", "--case", "C-1", "--all"), 2),
        (("il-commercial", "--case", "C-1", "--map", "denied"), 2),
        (("il-commercial", "--case", "C-9"), 4),
        (("il-commercal", "--case", "C-1"), 4),
        (("il-commercial", "--case", "C-1", "--map", "nowhere=denied"), 4),
        (("il-commercial", "--case", "C-1", "--map", "denied=nowhere"), 4),
        (("il-commercial", "--case", "C-1", "--map", "denied=closed"), 4),
        (("f" * 64, "--case", "C-1"), 4),
        (("ma-part-b-drug", "--case", "C-DAY"), 4),
    ],
)
def test_a_refusal_has_its_code_and_writes_nothing(
    office: Office, arguments: tuple[str, ...], code: int
) -> None:
    denied(office, "C-1")
    opened(office, "C-DAY")
    office.do("fire", "C-DAY", "submit", "method=portal", "--override", "x")
    before = office.written()
    assert office("workflow", "adopt", *arguments).code == code
    assert office.written() == before


def test_some_refused_is_a_finding_and_the_others_went_over(office: Office) -> None:
    denied(office, "C-1")
    opened(office, "C-DAY")
    office.do("fire", "C-DAY", "submit", "method=portal", "--override", "x")
    both = ("--case", "C-1", "--case", "C-DAY")
    done = office("workflow", "adopt", "ma-part-b-drug", *both, "--json")
    assert done.code == 3
    assert {i["case"]: i["status"] for i in done.data["items"]} == {
        "C-1": "adopted", "C-DAY": "refused",
    }  # fmt: skip
    text = office("workflow", "adopt", "ma-part-b-drug", *both)
    assert "C-DAY: refused: pa_decision, by version 2" in " ".join(text.out.split())
    assert "0 adopted, 1 already, 1 refused, 0 lapsed" in text.out


# Every case with an older edition


def tracker(office: Office, now: str = JANUARY) -> Tracker:
    clock = FakeClock(instant(now.replace("Z", "+00:00")))
    made = Tracker(reopened(office.db, clock), clock.now, "eva")
    ship(made, NEWER)
    return made


def every(made: Tracker, *, dry_run: bool = False) -> dict[str, tuple[str, int]]:
    workflow, digest, _ = made.desk.definitions.named(GUIDE.id)
    ids = adopting.older(made, workflow, digest)
    found = adopting.adopt(made, ids, Adopting(workflow=GUIDE.id), dry_run=dry_run)
    return {gone.case: (gone.status, len(gone.lapsed)) for gone in found}


def test_all_takes_every_open_case_of_the_workflow_with_an_older_edition(office: Office) -> None:
    """20 days from 2 November have passed in January; the two that were denied newly lapse."""
    opened(office, "A-NEW")
    denied(office, "B-DENIED")
    denied(office, "C-DENIED")
    denied(office, "D-CLOSED")
    office.do("fire", "D-CLOSED", "close", "close_reason=declined")
    office.do("open", "--ref", "E-OTHER", "--workflow", "il-commercial")
    made = tracker(office)
    wanted = {"B-DENIED": ("adopted", 1), "C-DENIED": ("adopted", 1), "A-NEW": ("adopted", 0)}
    told = every(made, dry_run=True)
    assert (told, list(told)) == (wanted, list(wanted))  # what newly lapsed comes first
    assert every(made) == wanted
    assert every(made) == {}


def test_an_edition_that_is_newer_than_the_one_shipped_is_left_alone(office: Office) -> None:
    denied(office, "C-1")
    made = tracker(office)
    every(made)
    ship(made, later(GUIDE, edition="2026-12-01"))
    assert every(made) == {}


@pytest.mark.parametrize(
    ("pinned", "today"),
    [("9", "10"), ("1.9", "1.10"), ("2026-9-30", "2026-10-01"), ("v2", "v11"), ("007", "8")],
)
def test_a_number_in_an_edition_is_a_number(office: Office, pinned: str, today: str) -> None:
    made = tracker(office)
    ship(made, later(GUIDE, edition=pinned))
    made.open(Opening(workflow=GUIDE.id, reference="C-1"))
    ship(made, later(GUIDE, edition=today))
    assert every(made) == {"C-1": ("adopted", 0)}
    ship(made, later(GUIDE, edition=pinned))
    assert every(made) == {}


def test_a_case_whose_edition_comes_after_is_left_alone_and_named(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tracker(office)
    ship(made, later(GUIDE, edition="second"))
    made.open(Opening(workflow=GUIDE.id, reference="C-1"))
    ship(made, later(GUIDE, edition="draft"))
    monkeypatch.setattr("casetrack.cli.session.Session._tracker", lambda *_, **__: made)
    done = office.do("workflow", "adopt", GUIDE.id, "--all", "--dry-run", now=JANUARY)
    assert "left alone: C-1: its edition second comes after; --case takes it over" in done.err


def test_what_newly_lapsed_is_said_first_and_loudly(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(office, "A-NEW")
    denied(office, "B-DENIED")
    made = tracker(office)
    monkeypatch.setattr("casetrack.cli.session.Session._tracker", lambda *_, **__: made)
    done = office.do("workflow", "adopt", GUIDE.id, "--all", now=JANUARY)
    assert done.out.splitlines()[0] == (
        "NEWLY LAPSED  B-DENIED  appeal_filing#1: act by Fri 2026-11-20, due Sun 2026-11-22"
    )
    assert "2 adopted, 0 already, 0 refused, 1 lapsed" in done.out
    data = office.do("show", "B-DENIED", "--json", now=JANUARY).data
    assert data["deadlines"][-1]["status"] == "overdue"


def test_killed_between_two_cases_the_first_is_whole_and_the_next_run_does_the_rest(
    office: Office,
) -> None:
    denied(office, "C-1")
    denied(office, "C-2")
    made = tracker(office)
    workflow, digest, _ = made.desk.definitions.named(GUIDE.id)
    ids = adopting.older(made, workflow, digest)
    adopting.adopt(made, ids[:1], Adopting(workflow=GUIDE.id), dry_run=False)
    made.ledger.close()
    again = tracker(office)
    for case_id in ids:
        case = replay(case_id, again.ledger.entries(case_id))
        assert len(case.left) == (case_id == ids[0])
    assert every(again) == {"C-2": ("adopted", 1)}


def test_two_at_once_go_over_once(office: Office) -> None:
    denied(office, "C-1")
    found: list[str] = []

    def one() -> None:
        made = tracker(office)
        found.append(adopt_one(made))
        made.ledger.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["adopted", "already", "already", "already"]
    kinds = [body["type"] for body in office.bodies()]
    assert kinds.count("WorkflowAdopted") == 1


def adopt_one(made: Tracker) -> str:
    (gone,) = adopting.adopt(
        made, [made.resolve("C-1")], Adopting(workflow=GUIDE.id), dry_run=False
    )
    return gone.status


# What else reads a ledger


def test_history_tells_how_it_stood_by_what_was_known_then(office: Office) -> None:
    denied(office, "C-1")
    office.do("workflow", "adopt", "il-commercial", "--case", "C-1", now="2026-12-01T16:00Z")
    then = ("--known-at", "2026-11-20", "--json")
    before = office.do("history", "C-1", *then, now="2026-12-02T16:00Z").data
    after = office.do("history", "C-1", "--json", now="2026-12-02T16:00Z").data
    (past,) = before["cases"]
    (now_,) = after["cases"]
    assert (past["workflow"], now_["workflow"]) == ("humana-il-guide", "il-commercial")
    assert [d["due_on"] for d in past["deadlines"]][-1] == "2027-01-06"
    assert [d["due_on"] for d in now_["deadlines"]][-1] == "2027-05-01"
    for form in ("text", "html"):
        done = office.do("history", "C-1", "--format", form, now="2026-12-02T16:00Z")
        assert "il-commercial" in done.out


def test_audits_replay_and_exports_know_it(office: Office, tmp_path: Path) -> None:
    denied(office, "C-1")
    office.do("workflow", "adopt", "il-commercial", "--case", "C-1", "--reason", "a new plan")
    office.do("replay", "--all")
    office.do("audit", "conformance")
    office.do("audit", "drift")
    office.do("audit", "verify")
    for form in ("jsonl", "xes", "bundle"):
        target = str(tmp_path / f"out.{form}")
        office.do("audit", "export", "--purpose", "x", "--format", form, "--output", target)
    assert "adopt" in (tmp_path / "out.xes").read_text("utf-8")
    assert "a new plan" not in str(office.bodies())


def test_an_export_of_cases_that_went_over_and_follow_is_imported_the_same(
    office: Office, tmp_path: Path
) -> None:
    denied(office, "C-1")
    office.do("workflow", "adopt", "il-commercial", "--case", "C-1", "--reason", "a new plan")
    office.do(
        "extend", "C-1", "appeal_filing", "--to", "2027-05-20", "--basis", "b", "--reason", "r"
    )
    opened(office, "C-2", "--follows", "C-1")
    sheet = office.do("export").out.encode()
    other = practice(tmp_path / "other", office.now or "")
    other.do("import", "-", stdin=sheet)
    for ref in ("C-1", "C-2"):
        was, now_ = (o.do("show", ref, "--phi", "--json").data for o in (office, other))
        for name in ("workflow", "definition", "state", "fields", "evidence", "patient"):
            assert was[name] == now_[name], (ref, name)
        dates = [
            [(d["deadline"], d["outcome"], d["due_on"], d["act_by"]) for d in data["deadlines"]]
            for data in (was, now_)
        ]
        assert dates[0] == dates[1]
        assert (was["follows"] is None) == (now_["follows"] is None) == (ref == "C-1")


def test_cases_of_a_file_are_imported_after_those_that_they_follow(
    office: Office, tmp_path: Path
) -> None:
    head, *made = (
        "case,action,on,follows",
        "C-4,open,2026-11-02,C-3",
        "C-3,open,2026-11-02,C-2",
        "C-6,open,2026-11-02,C-5",
        "C-2,open,2026-11-02,C-1",
        "C-5,open,2026-11-02,",
    )
    sheet = "\n".join((head, *made, "")).encode()
    office.do("open", "--ref", "C-1", "--on", "2026-11-02")
    office.do("import", "-", stdin=sheet)
    for ref, before in (("C-2", "C-1"), ("C-3", "C-2"), ("C-4", "C-3"), ("C-6", "C-5")):
        assert office.do("show", ref, "--json").data["follows"]["case"] == before
    round_about = f"{head}\nC-8,open,2026-11-02,C-9\nC-9,open,2026-11-02,C-8\n"
    done = office("import", "-", stdin=round_about.encode())
    assert done.code == 4
    assert "is in the ledger or in this file" in " ".join(done.err.split())


def test_what_closed_under_the_rules_that_were_left_is_explained_by_those(office: Office) -> None:
    """The plan's decision: 72 hours under Medicare, and after that five days under Illinois."""
    office.do("open", "--ref", "C-1", "--workflow", "ma-part-b-drug")
    office.do("fire", "C-1", "submit", "method=portal", "--at", "2026-11-02T09:00")
    office.do("fire", "C-1", "deny", "notice_on=2026-11-02", "reason_code=other")
    office.do("workflow", "adopt", "il-commercial", "--case", "C-1")
    for name, law in (("pa_decision", "42 CFR 422.568"), ("appeal_filing", "29 CFR 2560.503-1")):
        (told,) = office.do("explain", "C-1", name, "--json").data["deadlines"]
        assert law in told["source"]


@pytest.mark.parametrize("form", ["text", "html", "ics", "csv", "json", "md"])
def test_reports_take_in_what_was_cancelled_with_a_clock_that_is_gone(
    office: Office, form: str
) -> None:
    opened(office, "C-1")
    office.do(
        "fire", "C-1", "submit", "method=portal", "--at", "2026-11-02T09:00", "--override", "x"
    )
    office.do("workflow", "adopt", "ma-part-b-drug", "--case", "C-1")
    told = office.do("due", "--within", "300d", "--format", form).out
    assert ("CANCELLED" in told and "Call the payer" in told) == (form == "ics")
    office.do("sweep")
    assert office("doctor").code in {0, 3}
    office.do("list")


# A case that follows another


def test_both_cases_show_the_link_and_what_is_left_is_told(office: Office) -> None:
    denied(office, "C-1")
    done = office.do("open", "--ref", "C-2", "--follows", "C-1", "--json")
    assert done.data["taken"] == []
    assert done.data["left"]["notice_on"] == "an opening does not say it"
    assert "not taken over: notice_on: an opening does not say it" in done.err
    assert office.do("show", "C-2", "--json").data["follows"]["case"] == "C-1"
    assert office.do("show", "C-1", "--json").data["followed_by"][0]["case"] == "C-2"
    assert "followed by C-2" in office.do("show", "C-1").out
    for ref, line in (("C-1", "followed by C-2"), ("C-2", "follows C-1")):
        assert line in office.do("history", ref).out


def test_a_case_that_follows_has_the_same_rules_unless_others_are_named(office: Office) -> None:
    office.do("open", "--ref", "C-1", "--workflow", "il-commercial")
    done = office.do("open", "--ref", "C-2", "--follows", "C-1")
    assert "opened by default" not in done.err
    office.do("open", "--ref", "C-3", "--follows", "C-1", "--workflow", "ma-part-b-drug")
    office.do("open", "--ref", "C-4", "--follows", "C-2", "coverage=medicare-advantage")
    office.do("open", "--ref", "C-5", "--follows", "C-3")
    known = {n: office.do("show", f"C-{n}", "--json").data["workflow"] for n in range(2, 6)}
    assert known == {2: "il-commercial", 3: "ma-part-b-drug", 4: "ma-part-b-drug",
                     5: "ma-part-b-drug"}  # fmt: skip
    assert "opened by default under humana-il-guide" in office.do("open", "--ref", "C-6").err


def test_a_link_is_not_known_before_it_was_made(office: Office) -> None:
    denied(office, "C-1")
    office.do("open", "--ref", "C-2", "--follows", "C-1", now="2026-12-01T16:00Z")
    told = office.do("history", "C-1", "--known-at", "2026-11-20", now="2026-12-02T16:00Z").out
    assert "followed by" not in told


@pytest.mark.parametrize(("ref", "follows"), [("C-9", "C-9"), ("C-9", "C-7"), ("C-1", "C-1")])
def test_what_is_not_there_or_is_itself_can_not_be_followed(
    office: Office, ref: str, follows: str
) -> None:
    denied(office, "C-1")
    before = office.written()
    assert office("open", "--ref", ref, "--follows", follows).code == 4
    assert office.written() == before


def test_what_is_counted_again_and_stays_where_it_was_has_not_moved(
    office: Office, tmp_path: Path
) -> None:
    """Our door is closed on 24 December: a plan's end of that day moves, one of the 22nd stays."""
    states, calendars = tmp_path / "states", tmp_path / "calendars"
    for folder, name, text in (
        (states, "my-guide", FOLDER_GUIDE),
        (calendars, "my-clinic", CLINIC),
    ):
        folder.mkdir()
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    for day in ("22", "24"):
        office.do("open", "--ref", f"C-{day}", f"coverage_ends_on=2026-12-{day}")
    own = ("--states", str(states), "--calendars", str(calendars))
    both = ("--case", "C-22", "--case", "C-24", "--dry-run")
    told = office.do(*own, "workflow", "adopt", "my-guide", *both).out.splitlines()
    assert told[1].startswith("  counted  coverage_ends#1: act by Tue 2026-12-22")
    assert told[3].startswith("  moved    coverage_ends#1: act by Thu 2026-12-24 -> Wed 2026-12-23")
    assert [row.split()[3] for row in told[5:7]] == ["0", "1"]
