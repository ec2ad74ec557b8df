"""A docket made by hand for what draws it: every kind of line, with its ladder."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from casetrack.catalog import calendars
from casetrack.domain import dates
from casetrack.domain.docket import Docket, Doubt, Item, Tally
from casetrack.domain.reminders import Rung

ZONE = "America/Chicago"
NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
NASTY = "\x1b[2J\u202eevil<script>alert(1)</script>&amp;\"'\r\nBEGIN:VEVENT;,\\"
STATE = calendars.load("illinois-state")


def case_id(n: int) -> str:
    return f"0190a1b2-0000-7000-8000-{n:012}"


def ladder(act_by: date, due_at: datetime, names: tuple[str, ...]) -> Iterator[Rung]:
    for name in names:
        n = int(name.rstrip("bdh"))
        day = STATE.add_business_days(act_by, -n) if n else act_by
        hours = name.endswith("h")
        at = due_at - timedelta(hours=n) if hours else dates.start_of_day(day, ZONE)
        yield Rung(name, at)


def item(
    n: int,
    deadline: str,
    act_by: date,
    *,
    due_at: datetime | None = None,
    rungs: tuple[str, ...] = ("10bd", "5bd", "2bd", "0bd"),
    **more: Any,  # noqa: ANN401  # any other field of the line
) -> Item:
    """Ours and statutory unless said; due on ``act_by``, at its end."""
    due_on = more.pop("due_on", act_by)
    ends = due_at or dates.end_of_day(due_on, ZONE)
    found = tuple(ladder(act_by, ends, rungs))
    plain = Item(
        case=f"C-{n}", patient=None, assignee="jordan", workflow="w", state="denied",
        deadline=deadline, title="File the internal appeal", owner="provider", kind="statutory",
        due_on=due_on, due_at=dates.local_text(ends, ZONE), act_by=act_by, law_by=None,
        stated_due_on=None, status="upcoming", unproven=False,
        business_days_left=STATE.business_days_between(TODAY, act_by),
        calendar_days_left=(act_by - TODAY).days, ended_by=("file_appeal",),
        source="guide: Internal Appeal", evidence="V", law=None, contact=None, expires=False,
        acts=("file_appeal",), case_id=case_id(n), rungs=found,
        sent=tuple(rung.name for rung in found if rung.at <= NOW),
    )  # fmt: skip
    return replace(plain, **more)


PAYER: dict[str, Any] = {
    "title": "Payer decides the prior authorization", "state": "pa_submitted", "owner": "payer",
    "kind": "service", "rungs": ("2bd", "0bd"), "acts": ("approve", "deny"),
    "contact": "Humana, the provider line on the member's card", "law": "42 CFR 422.568(b)(3)",
}  # fmt: skip

ITEMS = (
    item(1, "appeal_filing#1", date(2026, 11, 2), due_on=date(2026, 11, 8), status="overdue",
         law_by=date(2026, 11, 3), law="42 CFR 422.582(b)"),
    item(2, "appeal_filing#1", date(2026, 11, 20), due_on=date(2026, 11, 25), status="act_now",
         assignee=None, unproven=True),
    item(2, "pa_decision#1", date(2026, 11, 12), due_on=date(2026, 12, 2), status="act_now",
         law_by=date(2026, 11, 12), **PAYER),
    item(3, "expedited#2", date(2026, 11, 27), due_at=datetime(2026, 11, 27, 15, tzinfo=UTC),
         status="due_soon", **{**PAYER, "rungs": ("24h", "8h", "2h")}),
    item(4, "appeal_filing#3", date(2026, 12, 3), due_on=date(2026, 12, 8), status="due_soon",
         law_by=date(2026, 12, 3), patient="Zoë <b>Ada</b>"),
    item(5, "approval#1", date(2026, 11, 30), status="due_soon", expires=True,
         title="Infuse before the approval ends", finding="infusion_on 2026-12-02 is after it"),
    item(6, "pa_decision#1", date(2026, 12, 9), status="tolled", **PAYER),
    item(7, "appeal_filing#1", date(2026, 12, 9), case=NASTY, title=NASTY, state=NASTY,
         assignee=NASTY, patient=NASTY, source=NASTY, law=NASTY, changes=3),
    item(8, "appeal_filing#1", date(2026, 12, 9), title="漢字 " * 40),
)  # fmt: skip
ENDED = (
    item(9, "appeal_filing#1", date(2026, 11, 17), ended=True, changes=1, state="internal_appeal"),
)
DOUBTS = (
    Doubt(kind="unproven", case="C-2", state="denied", assignee=None, deadline="appeal_filing#1",
          title="File the internal appeal", due_on=date(2026, 11, 25), proof="proof_of_receipt",
          detail="filed, no proof of receipt; it counts as open until 2026-11-25"),
    Doubt(kind="silent", case=NASTY, state=NASTY, assignee=NASTY, detail="no open deadline"),
)  # fmt: skip
DUE = Docket(
    as_of=NOW, zone=ZONE, within="10bd", until=date(2026, 12, 9), practice=True, items=ITEMS,
    open_cases=9, next_on=date(2026, 11, 2), ended=ENDED, doubts=DOUBTS,
    by_state=(
        Tally(state="denied", assignee="jordan", cases=5),
        Tally(state=NASTY, assignee=NASTY, cases=4),
    ),
)  # fmt: skip
EMPTY = Docket(
    as_of=NOW, zone=ZONE, within="10bd", until=date(2026, 12, 9), practice=False, items=(),
    open_cases=0, next_on=None, by_state=(),
)  # fmt: skip


def without_patients(docket: Docket) -> Docket:
    return replace(docket, items=tuple(replace(i, patient=None) for i in docket.items))
