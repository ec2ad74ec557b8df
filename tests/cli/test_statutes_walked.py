"""The two statutory workflows from end to end, as they are typed at the command line.

Every date is counted by hand from the statute and the calendar of state offices.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driver import Office, Run, practice

OPENED = "2026-10-01T09:00-05:00"
Dates = dict[str, tuple[str, str]]


class Walk:
    """One case on a practice ledger, moved along; the clock is a minute after what happened."""

    def __init__(self, folder: Path, coverage: str) -> None:
        self.office = practice(folder, OPENED)
        self.now = OPENED
        self.office.do("open", "--ref", "C-1", f"coverage={coverage}")

    def ask(self, at: str, *words: str) -> Run:
        """``at`` is local, a day (noon) or a minute of it."""
        local = datetime.fromisoformat(at if "T" in at else f"{at}T12:00")
        self.now = f"{local + timedelta(minutes=1):%Y-%m-%dT%H:%M}"
        return self.office(*words, "--json", now=self.now)

    def fire(self, at: str, trigger: str, *values: str) -> dict[str, Any]:
        done = self.ask(at, "fire", "C-1", trigger, *self._when(at), *values)
        assert done.code == 0, done
        return done.data

    def refused(self, at: str, trigger: str, *values: str) -> str:
        done = self.ask(at, "fire", "C-1", trigger, *self._when(at), *values)
        assert (done.code, done.out) == (4, ""), done
        return "; ".join([done.error["message"], *done.error["reasons"]])

    def _when(self, at: str) -> tuple[str, str]:
        return ("--at", at) if "T" in at else ("--on", at)

    def record(self, on: str, item: str, *values: str) -> None:
        done = self.ask(on, "record", "C-1", item, "--on", on[:10], *values)
        assert done.code == 0, done

    def state(self) -> str:
        return str(self.office.do("show", "C-1", "--json", now=self.now).data["state"])

    def running(self) -> Dates:
        """Due and act by of each open deadline; the hour too where it is not the day's end."""
        shown = self.office.do("due", "--within", "900d", "--json", now=self.now).data["items"]
        return {d["deadline"]: (_due(d), d["act_by"]) for d in shown}

    def outcomes(self) -> dict[str, str]:
        shown = self.office.do("show", "C-1", "--json", now=self.now).data["deadlines"]
        return {d["deadline"]: d["outcome"] for d in shown}


def _due(deadline: dict[str, Any]) -> str:
    at = str(deadline["due_at"])
    return at[:10] if at[11:16] == "23:59" else at[:16]


@pytest.fixture
def medicare(tmp_path: Path) -> Walk:
    return Walk(tmp_path / "ma", "medicare-advantage")


@pytest.fixture
def illinois(tmp_path: Path) -> Walk:
    return Walk(tmp_path / "il", "illinois-commercial")


# Medicare Advantage


def test_medicare_from_request_to_infusion(medicare: Walk) -> None:
    medicare.fire("2026-11-24T10:00", "submit", "method=portal")
    assert medicare.running() == {"pa_decision#1": ("2026-11-27T10:00", "2026-11-27")}
    medicare.fire("2026-11-25", "approve", "authorization=A-1", "valid_through=2027-05-24")
    assert medicare.running() == {"approval_validity#1": ("2027-05-24", "2027-05-24")}
    medicare.fire("2027-01-12", "administer", "hcpcs=J1411")
    assert (medicare.state(), medicare.running()) == ("completed", {})


def test_medicare_needs_the_instant_of_the_request(medicare: Walk) -> None:
    assert "runs in hours from an instant" in medicare.refused("2026-11-24", "submit")


def test_medicare_missed_twice_goes_by_way_of_the_review_entity_to_the_court(
    medicare: Walk,
) -> None:
    medicare.fire("2026-11-24T10:00", "submit")
    assert "has not passed" in medicare.refused("2026-11-27T10:00", "payer_missed")
    fired = medicare.fire("2026-12-01T09:00", "payer_missed")
    # Denied, and appealable: 60 days from the missed hour, not from the day it was noticed.
    assert fired["to"] == "denied"
    assert medicare.running() == {"missed_filing#1": ("2027-01-26", "2027-01-26")}

    medicare.fire("2026-12-02T15:00", "file_appeal", "confirmation=F-1")
    assert medicare.running() == {
        "appeal_decision#1": ("2026-12-09", "2026-12-09"),
        "forwarding#1": ("2026-12-09", "2026-12-09"),
    }
    assert "has not passed" in medicare.refused("2026-12-09T20:00", "payer_missed")
    fired = medicare.fire("2026-12-10T08:00", "payer_missed")
    # Missed is affirmed: the plan forwards, and there is nothing to file.
    assert fired["to"] == "forwarding"
    assert medicare.running() == {
        "forwarding#1": ("2026-12-09", "2026-12-09"),
        "ask_for_proof#1": ("2026-12-11", "2026-12-11"),
    }
    assert medicare.outcomes()["appeal_decision#1"] == "lapsed"
    medicare.record("2026-12-11", "proof_of_forwarding")
    assert set(medicare.running()) == {"forwarding#1"}

    medicare.fire("2026-12-14T10:00", "forwarded")
    assert medicare.running() == {"external_decision#1": ("2026-12-21", "2026-12-21")}
    medicare.fire("2026-12-18", "uphold", "notice_on=2026-12-16")
    # 5 days presumed and 60; safe from the notice: Sunday 14 February, and Friday is Lincoln's.
    assert medicare.running() == {"hearing_filing#1": ("2027-02-19", "2027-02-11")}
    medicare.fire("2027-01-11", "request_hearing", "confirmation=H-1")
    medicare.fire("2027-06-01", "uphold", "notice_on=2027-05-28", "received_on=2027-06-01")
    assert medicare.running() == {"council_filing#1": ("2027-07-31", "2027-07-30")}
    medicare.fire("2027-06-10", "request_council_review", "confirmation=M-1")
    medicare.fire("2027-09-07", "uphold", "notice_on=2027-09-01")
    assert medicare.running() == {"court_filing#1": ("2027-11-05", "2027-10-29")}
    medicare.fire("2027-10-01", "sue", "confirmation=S-1")
    medicare.fire("2028-03-01", "uphold", "notice_on=2028-02-29")
    assert (medicare.state(), medicare.running()) == ("final_denial", {})


def test_medicare_a_letter_after_the_missed_time_has_its_own_window(medicare: Walk) -> None:
    medicare.fire("2026-11-24T10:00", "submit")
    medicare.fire("2026-12-01T09:00", "payer_missed")
    medicare.fire("2026-12-09", "late_notice", "notice_on=2026-12-04")
    assert medicare.running() == {
        "missed_filing#1": ("2027-01-26", "2027-01-26"),
        "appeal_filing#1": ("2027-02-07", "2027-02-02"),
    }


def test_medicare_an_appeal_within_the_window_of_the_late_letter_is_in_time(
    medicare: Walk,
) -> None:
    medicare.fire("2026-11-24T10:00", "submit")
    medicare.fire("2026-12-01T09:00", "payer_missed")
    medicare.fire("2026-12-09", "late_notice", "notice_on=2026-12-04")
    late = medicare.refused("2027-02-08", "file_appeal", "confirmation=F-1")
    assert "missed_filing#1 was due 2027-01-26" in late
    assert "appeal_filing#1 was due 2027-02-07" in late
    medicare.fire("2027-02-01", "file_appeal", "confirmation=F-1")
    assert medicare.state() == "reconsideration"


def denied(walk: Walk) -> None:
    walk.fire("2026-10-01T10:00", "submit")
    walk.fire("2026-10-03", "deny", "notice_on=2026-10-01", "reason_code=experimental")


def test_medicare_an_appeal_that_the_plan_has_forwarded_has_arrived(medicare: Walk) -> None:
    denied(medicare)
    medicare.fire("2026-10-12", "file_appeal")
    medicare.fire("2026-10-20", "payer_missed")
    assert medicare.outcomes()["appeal_filing#1"] == "open"  # a plan that is silent shows nothing
    medicare.fire("2026-10-26", "forwarded")
    assert medicare.outcomes()["appeal_filing#1"] == "satisfied"


def test_medicare_a_plan_that_gives_in_leaves_no_appeal_to_prove(medicare: Walk) -> None:
    denied(medicare)
    medicare.fire("2026-10-12", "file_appeal")
    medicare.fire("2026-10-20", "payer_missed")
    medicare.fire("2026-10-21", "reverse", "valid_through=2027-04-30")
    assert set(medicare.running()) == {"approval_validity#1"}


def test_medicare_a_dismissal_goes_to_the_review_entity_or_is_filed_anew(medicare: Walk) -> None:
    denied(medicare)
    window = ("2026-12-05", "2026-11-30")
    assert medicare.running() == {"appeal_filing#1": window}
    medicare.fire("2026-10-12", "file_appeal")
    assert medicare.running()["appeal_filing#1"] == window  # sent is not received
    medicare.fire("2026-10-16", "dismiss", "notice_on=2026-10-15")
    # 65 days end on Saturday 19 December.
    assert medicare.running() == {
        "appeal_filing#1": window,
        "dismissal_filing#1": ("2026-12-19", "2026-12-18"),
    }
    medicare.fire("2026-10-20", "request_dismissal_review", "confirmation=D-1")
    assert medicare.running() == {"dismissal_follow_up#1": ("2026-10-27", "2026-10-27")}
    fired = medicare.fire("2026-10-26", "vacate_dismissal")
    assert fired["to"] == "reconsideration"
    assert medicare.running() == {
        "appeal_decision#2": ("2026-11-02", "2026-11-02"),
        "forwarding#2": ("2026-11-02", "2026-11-02"),
    }


def test_medicare_a_dismissal_that_stands_is_final(medicare: Walk) -> None:
    denied(medicare)
    medicare.fire("2026-10-12", "file_appeal", "confirmation=F-1")
    medicare.fire("2026-10-16", "dismiss", "notice_on=2026-10-15")
    medicare.fire("2026-10-20", "request_dismissal_review", "confirmation=D-1")
    medicare.fire("2026-11-02", "affirm_dismissal")
    assert medicare.state() == "final_denial"


def test_medicare_filed_anew_after_a_dismissal_the_window_has_its_first_date(
    medicare: Walk,
) -> None:
    denied(medicare)
    medicare.fire("2026-10-12", "file_appeal", "confirmation=F-1")
    medicare.fire("2026-10-16", "dismiss", "notice_on=2026-10-15")
    assert "appeal_filing#1 was due" in medicare.refused("2026-12-07", "file_appeal")
    medicare.fire("2026-12-04", "file_appeal", "confirmation=F-2")
    assert medicare.outcomes()["appeal_filing#1"] == "satisfied"


def test_medicare_partly_favorable_at_each_step_keeps_what_was_granted(medicare: Walk) -> None:
    medicare.fire("2026-10-01T10:00", "submit")
    medicare.fire("2026-10-03", "approve_in_part", "notice_on=2026-10-02",
                  "valid_through=2027-03-31", "refused_part=the infusion center")  # fmt: skip
    granted = ("2027-03-31", "2027-03-31")
    assert medicare.running() == {
        "approval_validity#1": granted,
        "appeal_filing#1": ("2026-12-06", "2026-12-01"),
    }
    medicare.fire("2026-10-12", "file_appeal", "confirmation=F-1")
    letter = ("uphold_in_part", "notice_on=2026-10-15")
    assert "valid_through is required" in medicare.refused("2026-10-16", *letter)
    medicare.fire("2026-10-16", *letter, "valid_through=2027-03-31")
    assert medicare.running() == {
        "approval_validity#2": granted,
        "forwarding#1": ("2026-10-19", "2026-10-19"),
        "ask_for_proof#1": ("2026-10-19", "2026-10-19"),
    }
    medicare.fire("2026-10-19", "forwarded")
    fired = medicare.fire("2026-10-26T14:00", "ire_reverse_in_part", "notice_on=2026-10-23")
    assert fired["to"] == "partly_favorable"
    assert medicare.running() == {
        "approval_validity#2": granted,
        "effectuation#1": ("2026-10-29T14:00", "2026-10-29"),
        "hearing_filing#1": ("2026-12-27", "2026-12-22"),
    }
    medicare.fire("2026-10-28", "effectuate", "valid_through=2027-04-30")
    medicare.fire("2026-11-02", "request_hearing", "confirmation=H-1")
    assert medicare.running() == {
        "approval_validity#3": ("2027-04-30", "2027-04-30"),
        "hearing_follow_up#1": ("2026-12-02", "2026-12-02"),
    }
    medicare.fire("2027-01-20", "overturn", "valid_through=2027-12-31")
    assert medicare.state() == "approved"


def test_medicare_what_was_granted_must_be_acted_on_while_the_rest_is_heard(
    medicare: Walk,
) -> None:
    denied(medicare)
    medicare.fire("2026-10-12", "file_appeal", "confirmation=F-1")
    medicare.fire("2026-10-16", "uphold", "notice_on=2026-10-15")
    medicare.fire("2026-10-19", "forwarded")
    medicare.fire("2026-10-26T14:00", "ire_reverse_in_part", "notice_on=2026-10-23")
    medicare.fire("2026-10-27", "request_hearing", "confirmation=H-1")
    assert "effectuation#1" in medicare.running()
    medicare.fire("2026-10-28", "effectuate", "valid_through=2027-04-30")
    assert medicare.outcomes()["effectuation#1"] == "satisfied"


def test_medicare_an_expedited_appeal_stays_so_to_the_very_end(medicare: Walk) -> None:
    denied(medicare)
    medicare.fire("2026-10-30T15:00", "file_appeal", "confirmation=F-1")
    medicare.fire("2026-10-30T15:00", "expedite", "expedite_reason=deterioration")
    # 72 hours, and the clocks go back on 1 November.
    assert medicare.running()["appeal_decision#1"] == ("2026-11-02T14:00", "2026-11-02")
    assert "runs in hours" in medicare.refused("2026-11-02", "uphold", "notice_on=2026-11-02")
    medicare.fire("2026-11-02T13:00", "uphold", "notice_on=2026-11-02")
    assert medicare.running() == {
        "forwarding#1": ("2026-11-06", "2026-11-06"),
        "forwarding_expedited#1": ("2026-11-03T13:00", "2026-11-03"),
        "ask_for_proof#1": ("2026-11-04", "2026-11-04"),
    }
    medicare.fire("2026-11-03T09:00", "forwarded")
    assert medicare.running() == {"external_decision#1": ("2026-11-06T09:00", "2026-11-06")}
    medicare.fire("2026-11-05T16:00", "ire_reverse", "notice_on=2026-11-05")
    assert medicare.running() == {"effectuation#1": ("2026-11-06T16:00", "2026-11-06")}
    medicare.fire("2026-11-06", "effectuate", "valid_through=2027-05-31")
    assert medicare.state() == "approved"


def test_medicare_an_expedited_appeal_that_is_missed_is_forwarded_24_hours_after(
    medicare: Walk,
) -> None:
    denied(medicare)
    medicare.fire("2026-10-12T10:00", "file_appeal", "confirmation=F-1")
    medicare.fire("2026-10-12T11:00", "expedite", "expedite_reason=active_bleeding")
    medicare.fire("2026-10-16T09:00", "payer_missed")
    assert medicare.running()["forwarding_missed#1"] == ("2026-10-16T11:00", "2026-10-16")


def test_medicare_a_refusal_to_expedite_brings_the_standard_hours_back(medicare: Walk) -> None:
    medicare.fire("2026-11-24T10:00", "submit")
    medicare.fire("2026-11-24T11:00", "expedite", "expedite_reason=active_bleeding")
    assert medicare.running() == {"pa_decision#1": ("2026-11-25T11:00", "2026-11-25")}
    medicare.fire("2026-11-24T16:00", "refuse_expedite")
    assert medicare.running() == {
        "pa_decision#1": ("2026-11-27T10:00", "2026-11-27"),
        "refusal_notice#1": ("2026-11-27", "2026-11-27"),
    }
    done = medicare.ask("2026-11-25", "note", "C-1", "their letter", "kind=refusal_notice")
    assert done.data["closed"][0]["deadline"] == "refusal_notice#1"


def test_medicare_asking_for_information_stops_no_hour(medicare: Walk) -> None:
    medicare.fire("2026-11-24T10:00", "submit")
    medicare.fire("2026-11-25", "request_info")
    assert medicare.running() == {
        "pa_decision#1": ("2026-11-27T10:00", "2026-11-27"),
        "info_response#1": ("2026-11-30", "2026-11-30"),
    }
    medicare.fire("2026-11-26", "provide_info")
    assert medicare.running() == {"pa_decision#1": ("2026-11-27T10:00", "2026-11-27")}


def test_medicare_a_corrected_hour_moves_what_was_counted_from_it(medicare: Walk) -> None:
    denied(medicare)
    medicare.fire("2026-10-12T10:00", "file_appeal", "confirmation=F-1")
    medicare.fire("2026-10-12T10:00", "expedite", "expedite_reason=active_bleeding")
    medicare.fire("2026-10-14T09:00", "uphold", "notice_on=2026-10-14")
    done = medicare.ask("2026-10-14T18:00", "amend", "C-1", "6", "at=2026-10-14T08:00",
                        "--reason", "the fax's own stamp")  # fmt: skip
    assert done.code == 0, done
    assert medicare.running()["forwarding_expedited#1"] == ("2026-10-15T08:00", "2026-10-15")


def test_medicare_what_counts_from_the_missed_hour_is_moved_by_no_later_day(
    medicare: Walk,
) -> None:
    medicare.fire("2026-11-24T10:00", "submit")
    medicare.fire("2026-12-01T09:00", "payer_missed")
    done = medicare.ask("2026-12-02", "amend", "C-1", "3", "on=2026-11-30", "--reason", "misread")
    assert (done.code, done.data["moved"]) == (0, [])
    assert medicare.running() == {"missed_filing#1": ("2027-01-26", "2027-01-26")}


def test_medicare_a_request_that_was_earlier_moves_what_counts_from_its_missed_hour(
    medicare: Walk,
) -> None:
    medicare.fire("2026-11-24T10:00", "submit")
    medicare.fire("2026-12-01T09:00", "payer_missed")
    done = medicare.ask("2026-12-02", "amend", "C-1", "2", "at=2026-11-17T10:00", "--reason", "fax")
    assert (done.code, [m["deadline"] for m in done.data["moved"]]) == (0, ["missed_filing#1"])
    # 60 days from 20 November, to the Tuesday after Martin Luther King's Day.
    assert medicare.running() == {"missed_filing#1": ("2027-01-19", "2027-01-19")}
    assert medicare.outcomes()["pa_decision#1"] == "lapsed"


def test_medicare_an_appeal_that_arrived_earlier_moves_the_forwarding_of_what_was_missed(
    medicare: Walk,
) -> None:
    denied(medicare)
    medicare.fire("2026-10-12T10:00", "file_appeal", "confirmation=F-1")
    medicare.fire("2026-10-12T11:00", "expedite", "expedite_reason=active_bleeding")
    medicare.fire("2026-10-16T09:00", "payer_missed")
    medicare.ask("2026-10-16T10:00", "amend", "C-1", "5", "at=2026-10-12T10:30", "--reason", "fax")
    assert medicare.running()["forwarding_missed#1"] == ("2026-10-16T10:30", "2026-10-16")


def test_medicare_a_missed_time_taken_back_waits_for_the_plan_again(medicare: Walk) -> None:
    medicare.fire("2026-11-24T10:00", "submit")
    medicare.fire("2026-12-01T09:00", "payer_missed")
    done = medicare.ask("2026-12-01T10:00", "void", "C-1", "3", "--reason", "their fax was here")
    assert (done.code, done.data["state"]) == (0, "pa_submitted")
    assert medicare.running() == {"pa_decision#1": ("2026-11-27T10:00", "2026-11-27")}


# Illinois commercial


def test_illinois_from_submission_to_infusion(illinois: Walk) -> None:
    illinois.fire("2026-11-24", "submit", "method=portal")
    assert illinois.running() == {
        "pa_decision#1": ("2026-11-29", "2026-11-29"),
        "pa_follow_up#1": ("2026-11-30", "2026-11-30"),
    }
    missing = illinois.refused("2026-11-27", "approve")
    assert "condition is required" in missing
    illinois.fire("2026-11-27", "approve", "condition=long_term")
    # 12 months; 27 November 2027 is a Saturday after the closed Friday after Thanksgiving.
    assert illinois.running() == {"approval_validity#1": ("2027-11-27", "2027-11-24")}
    illinois.fire("2027-01-12", "administer")
    assert illinois.state() == "completed"


def test_illinois_the_plans_days_run_from_complete_information(illinois: Walk) -> None:
    illinois.fire("2026-11-02", "submit")
    assert illinois.running()["pa_decision#1"] == ("2026-11-07", "2026-11-07")
    illinois.fire("2026-11-04", "request_info")
    assert illinois.running() == {"info_response#1": ("2026-11-06", "2026-11-06")}
    illinois.fire("2026-11-09", "provide_info")
    assert illinois.running() == {"pa_decision#2": ("2026-11-14", "2026-11-14")}
    illinois.fire("2026-11-10", "information_complete")
    assert illinois.running() == {"pa_decision#3": ("2026-11-15", "2026-11-15")}


def test_illinois_a_missed_decision_is_deemed_an_authorization(illinois: Walk) -> None:
    illinois.fire("2026-11-24", "submit")
    early = illinois.refused("2026-11-29", "deem_authorized", "condition=long_term")
    assert "pa_decision#1 is due 2026-11-29 and has not passed" in early
    fired = illinois.fire("2026-11-30", "deem_authorized", "condition=other")
    assert fired["to"] == "deemed_authorized"
    # Not a long-term condition: 6 months from the missed day; 29 May 2027 is a Saturday.
    assert illinois.running() == {
        "confirm_deemed#1": ("2026-12-01", "2026-12-01"),
        "deemed_validity_short#1": ("2027-05-29", "2027-05-28"),
    }
    illinois.fire("2026-12-01", "approve", "condition=long_term", "valid_through=2027-06-30")
    assert illinois.running() == {"approval_validity#1": ("2027-06-30", "2027-06-30")}


def test_illinois_a_deemed_authorization_is_not_younger_for_being_noticed_late(
    illinois: Walk,
) -> None:
    illinois.fire("2026-11-24", "submit")
    illinois.fire("2027-02-15", "deem_authorized", "condition=long_term")
    told = illinois.office.do("due", "--within", "900d", now="2027-02-16T07:00").out
    assert "Mon 2027-11-29" in told.partition("Approvals and tests about to expire")[2]
    # 12 months from 29 November 2026, the Sunday on which the plan's 5 days ended: a Monday.
    assert illinois.running()["deemed_validity#1"] == ("2027-11-29", "2027-11-29")
    illinois.fire("2027-03-01", "renew", "condition=long_term", "valid_through=2027-08-31")
    assert illinois.running()["approval_validity#1"] == ("2027-08-31", "2027-08-31")
    assert "deemed_validity#1" not in illinois.running()


def test_illinois_a_deemed_authorization_moves_with_a_corrected_submission(
    illinois: Walk,
) -> None:
    illinois.fire("2026-11-24", "submit")
    illinois.fire("2026-12-07", "deem_authorized", "condition=other")
    done = illinois.ask("2026-12-08", "amend", "C-1", "2", "on=2026-11-17", "--reason", "fax")
    assert done.code == 0
    # 6 months from Sunday 22 November; 22 May 2027 is a Saturday.
    assert illinois.running()["deemed_validity_short#1"] == ("2027-05-22", "2027-05-21")


def test_illinois_a_request_that_waits_for_us_is_not_deemed_authorized(illinois: Walk) -> None:
    illinois.fire("2026-11-24", "submit")
    illinois.fire("2026-11-27", "request_info")
    why = illinois.refused("2026-12-15", "deem_authorized", "condition=long_term")
    assert "not possible from info_requested" in why


def appealed(walk: Walk, at: str = "2026-11-25") -> None:
    walk.fire("2026-11-02", "submit")
    walk.fire("2026-11-06", "deny", "notice_on=2026-11-04", "reason_code=experimental")
    walk.fire(at, "file_appeal", "confirmation=F-1")


def test_illinois_180_days_count_from_receipt_and_else_from_the_notice(illinois: Walk) -> None:
    illinois.fire("2026-11-02", "submit")
    illinois.fire("2026-11-06", "deny", "notice_on=2026-11-04", "reason_code=experimental")
    assert illinois.running() == {"appeal_filing#1": ("2027-05-03", "2027-05-03")}
    told = illinois.ask("2026-11-06", "amend", "C-1", "3", "notice_on=2026-11-03", "--reason", "r")
    assert told.data["moved"][0]["due_on"] == "2027-05-02"


def test_illinois_an_appeal_has_four_clocks_and_each_can_be_missed_alone(illinois: Walk) -> None:
    appealed(illinois)
    assert illinois.running() == {
        "missing_information#1": ("2026-12-02", "2026-12-02"),
        "appeal_decision#1": ("2026-12-18", "2026-12-18"),
        "federal_cap#1": ("2026-12-25", "2026-12-25"),
        "exhaustion#1": ("2026-12-25", "2026-12-26"),
    }
    assert "has not passed" in illinois.refused("2026-12-18", "payer_missed")
    assert illinois.fire("2026-12-19", "payer_missed")["to"] == "internal_appeal"


def test_illinois_the_federal_cap_runs_on_while_information_is_missing(illinois: Walk) -> None:
    appealed(illinois)
    illinois.fire("2026-12-01", "request_info")
    assert set(illinois.running()) == {"federal_cap#1", "exhaustion#1", "info_response#1"}
    illinois.fire("2026-12-16", "provide_info")
    # 15 business days from 16 December pass Christmas and New Year; the cap comes first.
    assert illinois.running() == {
        "appeal_decision#2": ("2027-01-08", "2027-01-08"),
        "federal_cap#1": ("2026-12-25", "2026-12-25"),
        "exhaustion#1": ("2026-12-25", "2026-12-26"),
    }
    illinois.fire("2026-12-28", "payer_missed")


def early(walk: Walk) -> None:
    """An undecided appeal has gone to the Department."""
    appealed(walk)
    walk.fire("2026-12-26", "request_review_early", "confirmation=R-1")


@pytest.mark.parametrize("trigger", ["reject_request", "withdraw_appeal"])
def test_illinois_an_early_request_that_comes_back_is_not_left_without_a_day(
    illinois: Walk, trigger: str
) -> None:
    early(illinois)
    fired = illinois.fire("2026-12-29", trigger)
    assert fired["to"] == "appeal_denied"
    # No letter has started 4 months. Two business days over New Year: 30 and 31 December.
    assert illinois.running() == {"request_again#1": ("2026-12-31", "2026-12-31")}
    illinois.fire("2026-12-31", "request_external_review", "confirmation=R-2")
    assert set(illinois.running()) == {"department_forwards#2"}


def test_illinois_a_decision_that_comes_after_the_early_request_has_its_own_four_months(
    illinois: Walk,
) -> None:
    early(illinois)
    illinois.fire("2026-12-28", "department_forwarded")
    illinois.fire("2027-01-04", "find_ineligible", "notice_on=2027-01-04")
    assert illinois.running() == {"director_filing#1": ("2027-01-06", "2027-01-06")}
    illinois.fire("2027-01-05", "appeal_to_director")
    illinois.fire("2027-01-12", "director_refuses")
    assert illinois.running() == {"request_again#1": ("2027-01-14", "2027-01-14")}
    illinois.fire("2027-01-13", "late_decision", "notice_on=2027-01-08", "received_on=2027-01-11")
    assert illinois.running() == {"late_filing#1": ("2027-05-11", "2027-05-11")}
    assert "late_filing#1 was due" in illinois.refused("2027-05-12", "request_external_review")
    illinois.fire("2027-01-15", "request_external_review", "confirmation=R-2")
    illinois.fire("2027-01-19", "reject_request")
    assert illinois.running()["late_filing#1"] == ("2027-05-11", "2027-05-11")


def test_illinois_a_later_letter_takes_no_earlier_window_away(illinois: Walk) -> None:
    final_denial(illinois)
    illinois.fire("2026-11-09", "late_decision", "notice_on=2026-11-06")
    assert illinois.running() == {
        "external_filing#1": WINDOW,
        "late_filing#1": ("2027-03-08", "2027-03-05"),
    }


def test_illinois_an_appeal_that_the_plan_calls_complete_has_arrived(illinois: Walk) -> None:
    illinois.fire("2026-11-02", "submit")
    illinois.fire("2026-11-06", "deny", "notice_on=2026-11-04")
    illinois.fire("2026-11-25", "file_appeal")
    assert illinois.outcomes()["appeal_filing#1"] == "open"
    illinois.fire("2026-11-30", "information_complete")
    assert illinois.outcomes()["appeal_filing#1"] == "satisfied"


def test_illinois_a_call_does_not_name_what_is_missing(illinois: Walk) -> None:
    appealed(illinois)
    done = illinois.ask("2026-11-25", "note", "C-1", "they look into it", "kind=call")
    assert done.code == 0
    assert "missing_information#1" in illinois.running()
    illinois.fire("2026-11-30", "information_complete")
    assert illinois.outcomes()["missing_information#1"] == "satisfied"


def test_illinois_an_undecided_appeal_opens_external_review_early(illinois: Walk) -> None:
    appealed(illinois)
    assert "exhaustion#1 is due 2026-12-25 and has not passed" in illinois.refused(
        "2026-12-25", "request_review_early"
    )
    told = illinois.office.do("due", now="2026-12-26T07:00").out
    assert "casetrack fire C-1 request_review_early" in told.partition("OPEN since")[2]
    illinois.fire("2026-12-26", "request_review_early", "confirmation=R-1")
    # A Saturday: the next business day is Monday.
    assert illinois.running() == {"department_forwards#1": ("2026-12-28", "2026-12-28")}
    illinois.fire("2026-12-28", "department_forwarded")
    # 1 January is closed: five business days end on Tuesday.
    assert illinois.running() == {"eligibility#1": ("2027-01-05", "2027-01-05")}
    illinois.fire("2027-01-04", "eligibility_reviewed")
    assert illinois.running() == {"eligibility_told#1": ("2027-01-05", "2027-01-05")}
    illinois.fire("2027-01-06", "find_ineligible", "notice_on=2027-01-05")
    assert illinois.running() == {"director_filing#1": ("2027-01-08", "2027-01-08")}
    illinois.fire("2027-01-07", "appeal_to_director")
    assert illinois.running() == {"director_follow_up#1": ("2027-01-14", "2027-01-14")}
    illinois.fire("2027-01-13", "assign_reviewer")
    assert illinois.running() == {"external_decision#1": ("2027-02-27", "2027-02-27")}
    illinois.fire("2027-01-20", "information_complete")
    assert illinois.running()["informed_decision#1"] == ("2027-01-25", "2027-01-25")
    illinois.fire("2027-01-25", "overturn", "condition=long_term")
    assert illinois.state() == "approved"


def final_denial(walk: Walk) -> None:
    walk.fire("2026-10-01", "submit")
    walk.fire("2026-10-05", "deny", "notice_on=2026-10-02")
    walk.fire("2026-10-06", "file_appeal", "confirmation=F-1")
    walk.fire("2026-10-30", "uphold", "notice_on=2026-10-28", "received_on=2026-10-30")


WINDOW = ("2027-03-02", "2027-02-26")  # Monday 1 March is Pulaski Day: statutory, offices are open


def test_illinois_four_months_end_after_the_month_without_that_day(illinois: Walk) -> None:
    final_denial(illinois)
    assert illinois.running() == {"external_filing#1": WINDOW}
    assert "was due 2027-03-02" in illinois.refused("2027-03-03", "request_external_review")
    illinois.fire("2027-03-02", "request_external_review", "confirmation=R-1")
    assert illinois.outcomes()["external_filing#1"] == "satisfied"


@pytest.mark.parametrize("trigger", ["reject_request", "withdraw_appeal"])
def test_illinois_a_request_that_comes_back_has_its_first_date(
    illinois: Walk, trigger: str
) -> None:
    final_denial(illinois)
    illinois.fire("2026-11-02", "request_external_review", "confirmation=R-1")
    fired = illinois.fire("2026-11-05", trigger)
    assert (fired["to"], fired["reopened"]) == ("appeal_denied", ["external_filing#1"])
    assert illinois.running() == {
        "external_filing#1": WINDOW,
        "request_again#1": ("2026-11-09", "2026-11-09"),
    }


def test_illinois_ineligible_can_be_appealed_or_asked_anew_in_time(illinois: Walk) -> None:
    final_denial(illinois)
    illinois.fire("2026-11-02", "request_external_review", "confirmation=R-1")
    illinois.fire("2026-11-03", "department_forwarded")
    illinois.fire("2026-11-10", "find_ineligible", "notice_on=2026-11-09")
    # The day after Veterans Day and the next.
    assert illinois.running() == {
        "external_filing#1": WINDOW,
        "director_filing#1": ("2026-11-13", "2026-11-13"),
    }
    illinois.fire("2026-11-12", "appeal_to_director")
    fired = illinois.fire("2026-11-20", "director_refuses")
    assert fired["to"] == "ineligible"
    assert illinois.running() == {
        "external_filing#1": WINDOW,
        "request_again#1": ("2026-11-24", "2026-11-24"),
    }
    illinois.fire("2026-11-23", "request_external_review", "confirmation=R-2")
    illinois.fire("2026-11-24", "assign_reviewer")
    illinois.fire("2026-12-22", "uphold", "notice_on=2026-12-21")
    assert illinois.state() == "final_denial"


def test_illinois_partly_favorable_keeps_what_was_granted(illinois: Walk) -> None:
    illinois.fire("2026-10-01", "submit")
    illinois.fire("2026-10-05", "approve_in_part", "notice_on=2026-10-02", "condition=long_term",
                  "valid_through=2027-09-30")  # fmt: skip
    granted = ("2027-09-30", "2027-09-30")
    assert illinois.running()["approval_validity#1"] == granted
    illinois.fire("2026-10-06", "file_appeal", "confirmation=F-1")
    illinois.fire("2026-10-30", "uphold_in_part", "notice_on=2026-10-28", "condition=long_term",
                  "valid_through=2027-10-15", "received_on=2026-10-30")  # fmt: skip
    assert illinois.running() == {
        "approval_validity#2": ("2027-10-15", "2027-10-15"),
        "external_filing#1": WINDOW,
    }
    illinois.fire("2026-11-02", "request_external_review", "confirmation=R-1")
    illinois.fire("2026-11-10", "assign_reviewer")
    fired = illinois.fire("2026-12-15", "uphold_in_part", "notice_on=2026-12-14",
                          "condition=long_term")  # fmt: skip
    assert fired["to"] == "approved"


def test_illinois_an_urgent_request_counts_from_what_the_plan_was_waiting_for(
    illinois: Walk,
) -> None:
    illinois.fire("2026-11-24T10:00", "submit")
    illinois.fire("2026-11-24T10:30", "expedite", "expedite_reason=active_bleeding")
    assert illinois.running()["pa_decision#1"] == ("2026-11-26T10:30", "2026-11-26")
    illinois.fire("2026-11-25T09:00", "request_info")
    assert "is expedited and runs in hours" in illinois.refused("2026-11-25", "provide_info")
    illinois.fire("2026-11-25T17:00", "provide_info")
    assert illinois.running() == {"pa_decision#2": ("2026-11-27T17:00", "2026-11-27")}
    illinois.fire("2026-11-26T09:00", "refuse_expedite")
    assert illinois.running() == {"pa_decision#2": ("2026-11-30", "2026-11-30")}


def test_illinois_an_urgent_appeal_and_the_review_it_opens(illinois: Walk) -> None:
    appealed(illinois, "2026-11-25T09:00")
    illinois.fire("2026-11-25T09:00", "expedite", "expedite_reason=deterioration")
    assert illinois.running() == {
        "missing_information#1": ("2026-11-26T09:00", "2026-11-26"),
        "appeal_decision#1": ("2026-11-26T09:00", "2026-11-26"),
        "federal_cap#1": ("2026-11-28T09:00", "2026-11-28"),
        "exhaustion#1": ("2026-11-27T09:00", "2026-11-27"),
    }
    assert "has not passed" in illinois.refused("2026-11-27T08:59", "request_review_early")
    illinois.fire("2026-11-27T09:01", "request_review_early", "confirmation=R-1")
    why = illinois.refused("2026-11-27T09:30", "expedite_experimental")
    assert "waiting would make the treatment significantly less effective" in why
    illinois.record("2026-11-27", "physician_certificate")
    illinois.fire("2026-11-27T12:30", "expedite_experimental")
    illinois.fire("2026-11-27T16:00", "assign_reviewer")
    assert illinois.running() == {"external_decision#1": ("2026-11-30T16:00", "2026-11-30")}


def test_illinois_a_review_can_be_hurried_while_the_plan_has_yet_to_say_who_is_eligible(
    illinois: Walk,
) -> None:
    final_denial(illinois)
    illinois.fire("2026-11-02", "request_external_review", "confirmation=R-1")
    illinois.fire("2026-11-03", "department_forwarded")
    illinois.fire("2026-11-05", "eligibility_reviewed")
    illinois.fire("2026-11-05T15:00", "expedite", "expedite_reason=deterioration")
    illinois.fire("2026-11-06T09:00", "assign_reviewer")
    assert illinois.running() == {"external_decision#1": ("2026-11-09T09:00", "2026-11-09")}


# Which workflow


def opened(office: Office, *words: str) -> Run:
    return office("open", "--ref", "C-9", *words)


@pytest.mark.parametrize(
    ("coverage", "workflow"),
    [("medicare-advantage", "ma-part-b-drug"), ("illinois-commercial", "il-commercial")],
)
def test_coverage_picks_the_workflow_and_is_not_recorded(
    tmp_path: Path, coverage: str, workflow: str
) -> None:
    office = practice(tmp_path)
    for ref, words in (("C-1", []), ("C-2", ["--workflow", workflow])):
        done = office("open", "--ref", ref, f"coverage={coverage}", *words)
        assert (done.code, done.err) == (0, "")
        assert office.do("show", ref, "--json").data["workflow"] == workflow
    assert all("coverage" not in str(body) for body in office.bodies())


def test_the_default_is_said_to_be_nobodys_choice_in_one_line(tmp_path: Path) -> None:
    office = practice(tmp_path)
    done = opened(office)
    assert (done.code, done.out) == (0, "C-9\n")
    assert done.err == (
        "opened by default under humana-il-guide, a publisher's guide, not law; "
        "'casetrack workflow choose' names the rules of the patient's own plan\n"
    )
    assert office("open", "--ref", "C-8", "--workflow", "humana-il-guide").err == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["coverage=self-funded"], "no workflow is shipped for a self-funded employer plan"),
        (["coverage=medicaid"], "no workflow is shipped for Medicaid"),
        (["coverage=medicare"], "no such kind"),
        (["coverage=illinois-comercial"], "did you mean 'illinois-commercial'"),
        (["coverage=medicare-advantage", "benefit=pharmacy"], "is for benefit=medical alone"),
        (["coverge=medicaid"], "no such field here; did you mean 'coverage'?"),
        (["coverages=illinois-commercial", "--workflow", "il-commercial"], "'coverage'?"),
        (["benfit=medical"], "did you mean 'benefit'?"),
        (["coverage=medicaid", "coverage=medicaid"], "given 2 times"),
        (["coverage=medicare-advantage", "--workflow", "il-commercial"], "ma-part-b-drug"),
    ],
)
def test_a_coverage_that_no_workflow_governs_opens_nothing(
    tmp_path: Path, words: list[str], says: str
) -> None:
    office = practice(tmp_path)
    before = office.written()
    done = opened(office, *words)
    assert (done.code, done.out) == (4, "")
    assert says in " ".join(done.err.split())
    assert office.written() == before


def test_a_refused_coverage_makes_no_ledger(tmp_path: Path) -> None:
    office = Office(tmp_path / "new", now=None)
    assert opened(office, "coverage=medicaid").code == 4
    assert not office.db.exists()


def test_walks_are_replayed_alike(medicare: Walk, illinois: Walk) -> None:
    """What was recorded is what the views hold, without a guard or a count."""
    walks: list[Callable[[Walk], None]] = [denied, final_denial]
    for walk, done in zip((medicare, illinois), walks, strict=True):
        done(walk)
        before = walk.office.written()
        walk.office.do("db", "rebuild", now=walk.now)
        assert walk.office.written() == before
