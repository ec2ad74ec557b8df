"""One case, or a list of them, as JSON-ready values and as lines for a terminal."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from msgspec.structs import replace

from casetrack.domain import checks, dates
from casetrack.domain.calendar import Calendar
from casetrack.domain.case import Case, Evidence, Tracked
from casetrack.domain.docket import Item, facts_of, item
from casetrack.domain.events import REDACTED, Deadline, Ended, Moved, Reading, Redacted, Value
from casetrack.domain.plans import clock_of
from casetrack.domain.requirements import Finding
from casetrack.domain.workflow import Workflow
from casetrack.ledger.store import CaseRow, DeadlineRow
from casetrack.reports.lines import column, labelled, row
from casetrack.reports.sinks import terminal
from casetrack.reports.words import NOBODY, day, local

Data = dict[str, object]
_MOST = 24  # columns of a list for a name before the rest of the line moves below


def shown(value: Value, *, phi: bool, clear: bool) -> object:
    """A value as the reader may see it: null where it is sealed and ``--phi`` was not given."""
    if value is REDACTED:
        return "(redacted)"
    if isinstance(value, Redacted) or not (phi or clear):
        return None
    return value if isinstance(value, str) else list(value)


def case_name(case: Case) -> str:
    """The reference, or the case's id once that is redacted."""
    return case.reference if isinstance(case.reference, str) else case.id


def show_data(
    case: Case, workflow: Workflow, calendar: Calendar, now: datetime, *, phi: bool
) -> Data:
    """The JSON of ``show``."""
    data: Data = {
        "case": case_name(case),
        "id": case.id,
        "version": case.version,
        "workflow": case.workflow,
        "definition": case.definition,
        "state": case.state,
        "assignee": case.assignee,
        "expedited": case.expedited,
        "fields": _values(case.fields, workflow, phi=phi),
        "evidence": {
            name: [_evidence(record, workflow, phi=phi) for record in records]
            for name, records in case.evidence.items()
        },
        "deadlines": [
            deadline_data(titled(line, case) if phi else line, t)
            for t in _by_date(case)
            for line in (docket_item(t, case, workflow, calendar, now),)
        ],
        "open_items": [
            *checks.open_items(case, workflow),
            *_findings(case, workflow, calendar, now),
        ],
    }
    if phi and case.patient is not None:
        data["patient"] = shown(case.patient, phi=True, clear=False)
    return data


def _findings(case: Case, workflow: Workflow, calendar: Calendar, now: datetime) -> list[str]:
    """What is wrong with dates that open deadlines watch."""
    lines = [docket_item(t, case, workflow, calendar, now) for t in case.open_deadlines()]
    return [f"{line.deadline}: {line.finding}" for line in lines if line.finding]


def _values(values: Mapping[str, Value], workflow: Workflow, *, phi: bool) -> Data:
    return {
        name: shown(value, phi=phi, clear=name in workflow.fields and workflow.fields[name].clear)
        for name, value in values.items()
    }


def _evidence(record: Evidence, workflow: Workflow, *, phi: bool) -> Data:
    return {
        "on": record.on.isoformat(),
        "version": record.version,
        "values": _values(record.values, workflow, phi=phi),
        "file": record.has_file,
    }


def _by_date(case: Case) -> list[Tracked]:
    return sorted(
        case.deadlines.values(), key=lambda t: (t.deadline.reading.act_by, t.armed_version)
    )


def docket_item(
    tracked: Tracked, case: Case, workflow: Workflow, calendar: Calendar, now: datetime
) -> Item:
    facts = facts_of(tracked, case, clock_of(workflow, tracked.deadline.clock))
    return item(facts, workflow, calendar, now)


def deadline_data(line: Item, tracked: Tracked) -> Data:
    """A deadline as in ``due``, with its ``outcome``; a lapse is a mark on one still open."""
    return {**item_data(line), "outcome": tracked.outcome or mark(line)}


def titled(line: Item, case: Case) -> Item:
    """With the title of one of our own as it was typed, for who may see it."""
    return replace(line, title=typed_title(case, line.deadline) or line.title)


def typed_title(case: Case, deadline: str) -> str | None:
    """The title that a deadline of our own was given; None for any other."""
    value = case.titles.get(deadline)
    return None if value is None else str(shown(value, phi=True, clear=False))


def mark(line: Item) -> str:
    """How an open deadline stands: tolled, lapsed (which does not end it), or open."""
    return {"tolled": "tolled", "overdue": "lapsed"}.get(line.status, "open")


def item_data(line: Item) -> Data:
    """A docket line's promised fields, JSON-ready."""
    from casetrack.reports.data import item as as_data

    return as_data(line)


def armed_data(deadline: Deadline, zone: str) -> Data:
    """A deadline as an event armed it."""
    return {"deadline": deadline.deadline, "owner": deadline.owner, "kind": deadline.kind,
            **reading_data(deadline, zone)}  # fmt: skip


def reading_data(deadline: Deadline | Moved, zone: str) -> Data:
    return dates_data(deadline.reading, zone)


def dates_data(reading: Reading, zone: str) -> Data:
    """The dates of one reading."""
    return {
        "due_on": reading.due_on.isoformat(),
        "due_at": dates.local_text(reading.due_at, zone),
        "act_by": reading.act_by.isoformat(),
        "law_by": reading.law_by.isoformat() if reading.law_by else None,
    }


def moved_data(moved: Moved, zone: str) -> Data:
    return {"deadline": moved.deadline, "why": moved.why, **reading_data(moved, zone)}


def closed_data(ended: Ended) -> Data:
    return {"deadline": ended.deadline, "outcome": ended.outcome, "late": ended.late}


def finding_data(finding: Finding) -> Data:
    return {
        "item": finding.item,
        "status": finding.status,
        "blocking": finding.blocking,
        "detail": finding.detail,
        "source": finding.source,
    }


def finding_lines(finding: Finding) -> list[str]:
    """One line of a checklist, wrapped; the source stands where something is to be done."""
    open_ = finding.status != "satisfied"
    source = f" [{finding.source}]" if open_ else ""
    detail = terminal(f"{finding.title}: {finding.detail}{source}")
    return row([(finding.status, 9), (terminal(finding.item), 22)], detail)


def list_data(rows: Iterable[tuple[CaseRow, DeadlineRow | None]]) -> Data:
    return {"items": [_list_item(row, deadline) for row, deadline in rows]}


def _list_item(row: CaseRow, deadline: DeadlineRow | None) -> Data:
    return {
        "case": row.reference or row.case_id,
        "state": row.state,
        "workflow": row.workflow,
        "assignee": row.assignee,
        "act_by": deadline.act_by.isoformat() if deadline else None,
        "deadline": deadline.deadline if deadline else None,
        "unproven": deadline.unproven if deadline else False,
        "tolled": deadline.tolled_on is not None if deadline else False,
    }


def list_lines(rows: Iterable[tuple[CaseRow, DeadlineRow | None]]) -> list[str]:
    """In columns as wide as what stands in them, within reason."""
    told = [
        (_cells(case), _first(deadline) if deadline else "no deadline") for case, deadline in rows
    ]
    wide = [column(texts, _MOST) for texts in zip(*(cells for cells, _ in told), strict=True)]
    return [
        text
        for cells, rest in told
        for text in row(list(zip(cells, wide, strict=True)), rest, indent=0)
    ]


def _cells(case: CaseRow) -> tuple[str, str, str]:
    name, assignee = case.reference or case.case_id, case.assignee or NOBODY
    return terminal(name), case.state, terminal(assignee)


def _first(deadline: DeadlineRow) -> str:
    """The deadline that comes first, and what is to be known of it."""
    marks = {"tolled": deadline.tolled_on is not None, "unproven": deadline.unproven}
    said = ", ".join([deadline.deadline, *(word for word, holds in marks.items() if holds)])
    return f"{day(deadline.act_by)}  {said}"


def show_lines(data: Data, now_on: date, zone: str) -> list[str]:
    """The JSON of ``show`` for a person."""
    expedited = ", expedited" if data["expedited"] else ""
    head = [
        f"{data['case']}  {data['state']}{expedited}  as of {now_on}",
        f"{data['workflow']}, version {data['version']}, {data['assignee'] or NOBODY}",
    ]
    if "patient" in data:
        head.append(f"patient {data['patient']}")
    items, allowed = data["open_items"], data.get("allowed")
    body = [
        *row([], terminal(head[0]), indent=0),
        *(line for text in (*head[1:], *_links(data)) for line in row([], terminal(text))),
        *_deadline_lines(data),
        *_field_lines(data, zone),
        *_evidence_lines(data),
    ]
    if isinstance(items, list) and items:
        body += ["open items:", *(line for text in items for line in row([], terminal(text)))]
    if isinstance(allowed, list):
        body += labelled("next:", ", ".join(allowed) or "nothing; the state is final", 0, 6)
    return body


def _links(data: Data) -> list[str]:
    """The case that it follows, and those that follow it."""
    before, after = data.get("follows"), data.get("followed_by")
    told = [f"follows {before['case']}"] if isinstance(before, dict) else []
    if isinstance(after, list) and after:
        told.append(f"followed by {', '.join(str(one['case']) for one in after)}")
    return told


def _deadline_lines(data: Data) -> list[str]:
    deadlines = data["deadlines"]
    if not isinstance(deadlines, list) or not deadlines:
        return ["no deadlines"]
    return ["deadlines:", *(text for line in deadlines for text in _deadline_line(line))]


def _deadline_line(line: Data) -> list[str]:
    law = f", law {line['law_by']}" if line["law_by"] else ""
    state = line["outcome"] if line["outcome"] not in {"open", "lapsed"} else line["status"]
    cells = [(str(line["deadline"]), 22), (str(state), 10), (str(line["owner"]), 8)]
    sent = "; unproven: nothing shows that the filing arrived" if line["unproven"] else ""
    rest = f"act by {line['act_by']}, due {line['due_on']}{law}; {line['title']}{sent}"
    return row(cells, terminal(rest))


def _field_lines(data: Data, zone: str) -> list[str]:
    fields = data["fields"]
    if not isinstance(fields, dict) or not fields:
        return []
    lines = [row([(str(name), 22)], terminal(local(_plain(v), zone))) for name, v in fields.items()]
    return ["fields:", *(text for line in lines for text in line)]


def _plain(value: object) -> str:
    if value is None:
        return "(sealed)"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _evidence_lines(data: Data) -> list[str]:
    evidence = data["evidence"]
    if not isinstance(evidence, dict) or not evidence:
        return []
    lines = [_evidence_line(name, r) for name, records in evidence.items() for r in records]
    return ["evidence:", *(text for line in lines for text in line)]


def _evidence_line(name: str, record: Data) -> list[str]:
    values = record["values"]
    shown_values = (
        [f"{k} {_plain(v)}" for k, v in values.items()] if isinstance(values, dict) else []
    )
    told = [*shown_values, *(["file on record"] if record["file"] else [])]
    return row([(name, 22), (f"{record['on']}", 10)], terminal(", ".join(told)))
