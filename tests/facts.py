"""Hand-built events: what a decision might have said, without deciding anything."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.ledger import canonical
from casetrack.ledger.codec import new_case_id
from casetrack.ledger.store import Draft, Ledger

DAY = date(2026, 11, 2)
NOV_10, NOV_20, DEC_1 = date(2026, 11, 10), date(2026, 11, 20), date(2026, 12, 1)
DEFINITION = '{"id":"sample"}'
DIGEST = canonical.digest(DEFINITION)


def with_changes(members: dict[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    members.update(changes)
    return members


def reading(act_by: date, **changes: object) -> e.Reading:
    """A reading whose dates all hang on ``act_by``; its due instant is early on the next day."""
    due_at = datetime.combine(act_by + timedelta(days=1), time(5, 59, 59), UTC)
    members: dict[str, Any] = {
        "length": "14bd", "from_on": DAY, "from_at": None, "from_field": "request",
        "roll": "none", "roll_calendar": None, "unrolled_on": act_by, "due_on": act_by,
        "due_at": due_at, "safe_from_on": DAY, "safe_on": act_by, "stated_due_on": None,
        "law_from_on": None, "law_from_at": None, "law_from_field": None, "law_length": None,
        "law_at": None, "law_by": None, "act_by": act_by, "rungs": ("5bd", "0bd"),
        "calendars": (),
    }  # fmt: skip
    return e.Reading(**with_changes(members, changes))


def deadline(clock: str, act_by: date, n: int = 1, **changes: object) -> e.Deadline:
    members: dict[str, Any] = {
        "deadline": f"{clock}#{n}", "definition": DIGEST, "clock": clock, "n": n,
        "owner": "payer", "kind": "statutory", "alive_in": ("submitted",),
        "reading": reading(act_by),
    }  # fmt: skip
    return e.Deadline(**with_changes(members, changes))


def opened(
    reference: str = "C-1",
    patient: str | None = None,
    armed: tuple[e.Deadline, ...] = (),
    fields: Mapping[str, e.Typed] | None = None,
    **typed: e.Typed,
) -> e.Event:
    sealed: dict[str, e.Typed] = {"reference": reference, **typed}
    if patient is not None:
        sealed["patient"] = patient
    data = e.CaseOpened(
        workflow="sample",
        definition=DIGEST,
        edition="2026-1",
        state="draft",
        fields=dict(fields or {}),
        armed=armed,
    )
    return e.Event(data=data, occurred_on=DAY, typed=sealed)


def fired(
    to: str = "submitted", typed: Mapping[str, e.Typed] | None = None, **changes: object
) -> e.Event:
    members: dict[str, Any] = {
        "trigger": "submit", "origin": "draft", "to": to, "final": False, "expedited": False,
        "fields": {}, "overridden": (),
    }  # fmt: skip
    data = e.TransitionFired(**with_changes(members, changes))
    return e.Event(data=data, occurred_on=DAY, typed=typed or {})


def noted(text: str = "called", **typed: e.Typed) -> e.Event:
    data = e.NoteAdded(fields={})
    return e.Event(data=data, occurred_on=DAY, typed={"note": text, **typed})


def assigned(assignee: str | None) -> e.Event:
    return e.Event(data=e.CaseAssigned(assignee=assignee), occurred_on=DAY)


def redacted(*targets: tuple[int, str]) -> e.Event:
    removed = tuple(e.Target(version=version, name=name) for version, name in targets)
    return e.Event(data=e.ValueRedacted(removed=removed), occurred_on=DAY)


def draft(event: e.Event, key: str | None = None) -> Draft:
    return Draft(event=event, actor="eva", key=key)


def new_case(ledger: Ledger, event: e.Event | None = None) -> Case:
    """A case opened in the ledger."""
    case, _ = append(ledger, Case(id=new_case_id(ledger.sources)), event or opened())
    return case


def append(ledger: Ledger, case: Case, *events: e.Event) -> tuple[Case, tuple[e.Entry, ...]]:
    return ledger.append(case, [draft(event) for event in events], {DIGEST: DEFINITION})


def happened(data: e.Data, on: date = DAY, **typed: e.Typed) -> e.Event:
    return e.Event(data=data, occurred_on=on, typed=typed)


def ended(name: str, outcome: e.Closing = "satisfied", *, late: bool | None = False) -> e.Ended:
    return e.Ended(deadline=name, outcome=outcome, late=late)


def moved(
    name: str,
    why: str,
    to: e.Reading,
    standard: e.Reading | None = None,
    sent: tuple[str, ...] = (),
) -> e.Moved:
    return e.Moved(deadline=name, why=why, reading=to, standard=standard, sent=sent)


def recorded(item: str, on: date = DAY, typed: Mapping[str, e.Typed] | None = None) -> e.Event:
    data = e.EvidenceRecorded(item=item, fields={})
    return e.Event(data=data, occurred_on=on, typed=typed or {})


def planned(title: str, act_by: date, n: int = 1) -> e.Event:
    """A deadline of our own; no workflow names its clock."""
    own = deadline("plan", act_by, n, owner="provider", kind="planned")
    return happened(e.DeadlinePlanned(armed=(own,)), title=title)


def tolled(name: str, on: date = DAY) -> e.Event:
    return happened(e.DeadlineTolled(deadline=name), on)


def corrected(
    version: int,
    on: date | None = None,
    at: datetime | None = None,
    fields: Mapping[str, e.Typed] | None = None,
    **typed: e.Typed,
) -> e.Event:
    data = e.EntryCorrected(corrects=version, on=on, at=at, fields=dict(fields or {}))
    return e.Event(data=data, occurred_on=DAY, typed={"reason": "misread", **typed})


def voided(version: int, state: str | None = None, **changes: object) -> e.Event:
    """``state``: what a voided transition returns to; none is given for evidence."""
    members: dict[str, Any] = {
        "voids": version, "state": state, "expedited": None if state is None else False,
    }  # fmt: skip
    return happened(e.EntryVoided(**with_changes(members, changes)), reason="never happened")


def adopted(**changes: object) -> e.Event:
    """Over to another definition, in which the clock of ``reply#1`` is another's to meet."""
    members: dict[str, Any] = {
        "workflow": "other", "definition": "b" * 64, "edition": "2027-1", "left": DIGEST,
        "origin": "submitted", "to": "sent", "expedited": True,
        "states": (e.Renamed(origin="submitted", to="sent"),),
        "kept": (e.Kept(deadline="reply#1", owner="reviewer", kind="service", alive_in=("sent",)),),
        "unused": ("letter",),
    }  # fmt: skip
    return happened(e.WorkflowAdopted(**with_changes(members, changes)), reason="a new plan")


def reminded(name: str, rung: str, act_by: date, *folded: str) -> e.Event:
    """The warning of one rung, with the less urgent ones that were folded into it."""
    at = datetime.combine(DAY, time(15), UTC)
    data = e.ReminderSent(
        reminder="r-1",
        deadline=name,
        rung=rung,
        folded=folded,
        act_by=act_by,
        scheduled_for=at,
        sent_at=at + timedelta(seconds=2),
        channels=("file",),
        may_repeat=False,
    )
    return happened(data)
