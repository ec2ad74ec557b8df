"""The cover sheet of a packet: what a step asks for, and what is on file for it, on one day."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import chain

from msgspec import Struct

from casetrack.domain import checks, contest, dates, machine
from casetrack.domain.calendar import Calendar
from casetrack.domain.case import Case, Evidence
from casetrack.domain.codes import ndc11
from casetrack.domain.docket import Item as Line
from casetrack.domain.events import Entry, EvidenceRecorded, Value
from casetrack.domain.plans import clock_of
from casetrack.domain.reference import Contact
from casetrack.domain.requirements import Finding, against, assess
from casetrack.domain.workflow import Clock, Item, Workflow
from casetrack.reports.casefile import case_name, docket_item, shown
from casetrack.reports.cover_parts import File, Former, Paper, Point, Refusal, Requirement
from casetrack.reports.handbook_order import groups

UNMET = frozenset({"missing", "failing", "stale"})
SEALED = "(sealed)"
FORMER = "Evidence of other rules, which this workflow does not ask for"
_FILE = ("file_name", "file_size", "file_sha256")


class Cover(Struct, frozen=True, kw_only=True):
    """The whole sheet. Nothing in it is said by us: words come from the workflow and the case.

    ``possible``: whether the step can be taken from the state that the case is in.
    """

    case: str
    patient: object
    workflow: Workflow
    step: str
    state: str
    possible: bool
    now: datetime
    practice: bool
    phi: bool
    requirements: tuple[Requirement, ...]
    former: tuple[Former, ...]
    rules: tuple[Finding, ...]
    refusals: tuple[Refusal, ...]
    deadlines: tuple[Line, ...]
    contacts: tuple[Contact, ...]
    open_items: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing holds the step up; a reason that nothing answers does not."""
        held = any(one.blocking and one.status in UNMET for one in self.asked)
        return self.possible and not held

    @property
    def asked(self) -> tuple[Requirement | Finding, ...]:
        return (*self.requirements, *self.rules)

    @property
    def unanswered(self) -> tuple[tuple[Refusal, Point], ...]:
        return tuple((r, p) for r in self.refusals for p in r.points if not p.answers)


class Facts(Struct, frozen=True, kw_only=True):
    """What a sheet is made of: the case with its entries, at a ``now``, for a reader."""

    case: Case
    entries: tuple[Entry, ...]
    workflow: Workflow
    calendar: Calendar
    now: datetime
    practice: bool
    phi: bool

    @property
    def today(self) -> date:
        return dates.local_date(self.now, self.workflow.zone)


def make(facts: Facts, step: str) -> Cover:
    """The sheet for a step, the same for the same facts."""
    case, workflow = facts.case, facts.workflow
    told = contest.reasons(case, workflow, step)
    findings = checks.checklist(case, workflow, step, facts.today)
    lines = tuple(_deadlines(facts, step))
    return Cover(
        case=case_name(case),
        patient=_seen(facts, case.patient) if case.patient is not None else None,
        workflow=workflow,
        step=step,
        state=case.state,
        possible=step in machine.possible(workflow, case.state),
        now=facts.now,
        practice=facts.practice,
        phi=facts.phi,
        requirements=tuple(_requirements(facts, step, told)),
        former=tuple(_former(facts)),
        rules=tuple(f for f in findings if f.item not in workflow.items),
        refusals=tuple(_refusals(facts, told)),
        deadlines=lines,
        contacts=_contacts(workflow, step, lines),
        open_items=tuple(_open_items(facts)),
    )


def _seen(facts: Facts, value: Value, *, clear: bool = False) -> object:
    return shown(value, phi=facts.phi, clear=clear)


def _values(facts: Facts, values: Mapping[str, Value]) -> dict[str, object]:
    fields = facts.workflow.fields
    seen = {
        name: _seen(facts, value, clear=name in fields and fields[name].clear)
        for name, value in values.items()
    }
    drugs = [name for name in seen if name in fields and fields[name].codes == "ndc"]
    billed = {f"{name}_billed": ndc11(str(seen[name])) for name in drugs}
    return {**seen, **{name: code for name, code in billed.items() if code is not None}}


def _requirements(
    facts: Facts, step: str, told: tuple[contest.Reason, ...]
) -> Iterator[Requirement]:
    """By group: what the step looks at, and what is on file to answer a reason."""
    answering = {name for reason in told for name in reason.items}
    for name, item in chain(*groups(facts.workflow).values()):
        if checks.concerns(item, step):
            finding = assess(name, item, facts.case, step, facts.today)
            yield _requirement(facts, name, item, finding, blocking=finding.blocking)
        elif name in answering and facts.case.evidence_for(name) is not None:
            yield _requirement(facts, name, item, against(name, item, facts.case, facts.today))


def _requirement(
    facts: Facts, name: str, item: Item, finding: Finding | None, *, blocking: bool = False
) -> Requirement:
    counted = facts.case.evidence_for(name, facts.today)
    fresh = _fresh_through(item, counted)
    stale = fresh is not None and facts.today > fresh
    return Requirement(
        item=name,
        title=item.title,
        group=item.group,
        status=finding.status if finding else "on_file",
        blocking=blocking,
        detail=finding.detail if finding else "",
        hint=item.hint,
        source=finding.source if finding else item.source,
        fresh_through=fresh,
        stale_since=fresh + timedelta(days=1) if fresh and stale else None,
        papers=tuple(_papers(facts, name, counted)),
    )


def _former(facts: Facts) -> Iterator[Former]:
    for name in facts.case.evidence:
        counted = facts.case.evidence_for(name, facts.today)
        if name not in facts.workflow.items and (papers := tuple(_papers(facts, name, counted))):
            yield Former(item=name, papers=papers)


def _fresh_through(item: Item, counted: Evidence | None) -> date | None:
    if item.fresh is None or counted is None:
        return None
    return counted.on + timedelta(days=item.fresh.days)


def _papers(facts: Facts, name: str, counted: Evidence | None) -> Iterator[Paper]:
    """The one that counts first, then the others, newest first."""
    known = facts.case.evidence.get(name, ())
    for record in sorted(known, key=lambda x: (x != counted, -x.on.toordinal(), -x.version)):
        yield Paper(
            version=record.version,
            on=record.on,
            counts=record == counted,
            values=_values(facts, record.values),
            file=_file(facts, facts.entries[record.version - 1]) if record.has_file else None,
        )


def _file(facts: Facts, entry: Entry) -> File | None:
    if not isinstance(entry.data, EvidenceRecorded):
        return None
    parts = (entry.value(part) for part in _FILE)
    name, size, sha256 = (None if part is None else _seen(facts, part) for part in parts)
    return File(name=name, size=size, sha256=sha256)


def _refusals(facts: Facts, told: tuple[contest.Reason, ...]) -> Iterator[Refusal]:
    moves = {move.version: move for move in facts.case.moves}
    for version in dict.fromkeys(reason.version for reason in told):
        move = moves.get(version)
        entry = facts.entries[version - 1]
        yield Refusal(
            version=version,
            on=move.on if move else entry.occurred_on,
            trigger=move.trigger if move else None,
            title=_title(facts.workflow, move.trigger) if move else entry.type,
            values=_values(facts, facts.case.said[version]),
            points=tuple(_point(facts, r) for r in told if r.version == version),
        )


def _title(workflow: Workflow, trigger: str) -> str:
    """A step of rules that the case has left has its name alone."""
    known = workflow.triggers.get(trigger)
    return known.title if known else trigger


def _point(facts: Facts, reason: contest.Reason) -> Point:
    on_file = {name for name in reason.items if facts.case.evidence_for(name) is not None}
    items = facts.workflow.items
    failing = {n for n in on_file if against(n, items[n], facts.case, facts.today)}
    return Point(
        field=reason.field,
        code=reason.code if facts.phi or facts.workflow.fields[reason.field].clear else SEALED,
        answers=tuple(name for name in reason.items if name in on_file - failing),
        failing=tuple(name for name in reason.items if name in failing),
        missing=tuple(name for name in reason.items if name not in on_file),
    )


def _deadlines(facts: Facts, step: str) -> Iterator[Line]:
    """What is ours and the step ends, the first to act by ahead; the law's before our plans."""
    lines = [
        docket_item(tracked, facts.case, facts.workflow, facts.calendar, facts.now)
        for tracked in facts.case.open_deadlines()
        if step in clock_of(facts.workflow, tracked.deadline.clock).ended_by
    ]
    ours = [line for line in lines if line.owner == "provider"]
    yield from sorted(ours, key=lambda line: (line.kind == "planned", line.act_by, line.deadline))


def _contacts(workflow: Workflow, step: str, lines: tuple[Line, ...]) -> tuple[Contact, ...]:
    """Those of the clocks that the step starts for the other side, then of those that it ends."""
    starts = [c.contact for c in workflow.clocks.values() if _waits(c, step)]
    ends = [clock_of(workflow, line.deadline.partition("#")[0]).contact for line in lines]
    names = dict.fromkeys(name for name in (*starts, *ends) if name is not None)
    return tuple(workflow.contacts[name] for name in names)


def _waits(clock: Clock, step: str) -> bool:
    """Whether the step starts a wait for somebody's answer; a right that opens is none."""
    return step in clock.armed_by and clock.owner != "provider" and not clock.opens


def _open_items(facts: Facts) -> Iterator[str]:
    yield from checks.open_items(facts.case, facts.workflow)
    dated = checks.dates(facts.case, facts.workflow, facts.calendar, facts.today)
    yield from (finding.detail for finding in dated)
