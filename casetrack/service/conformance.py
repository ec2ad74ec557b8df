"""Audits of rules and dates over a whole ledger: one case at a time, and none is kept."""

from collections.abc import Iterable, Iterator
from functools import partial

from casetrack.audit import drift
from casetrack.audit.conformance import Record, conformance
from casetrack.audit.findings import Editions, Finding
from casetrack.domain import events as e
from casetrack.domain.partial import replay_partly
from casetrack.domain.workflow import Workflow
from casetrack.errors import BadDefinition, Corrupt, UnknownName
from casetrack.reports.casefile import case_name
from casetrack.service.sharing import Shared, Tally, done
from casetrack.service.tracker import Tracker


def chosen(tracker: Tracker, references: Iterable[str]) -> Iterable[str]:
    """The cases named, each once; every case where none is."""
    named = list(dict.fromkeys(tracker.resolve(reference) for reference in references))
    return named or tracker.ledger.case_ids()


def examined(
    tracker: Tracker, case_ids: Iterable[str], tally: Tally, shared: Shared | None = None
) -> Iterator[Finding]:
    """What breaks the rules, the ledger itself first, then case by case.

    ``shared``: who does the work, if not this process; what is found is the same.
    """
    for finding in _found(tracker, case_ids, tally, shared):
        tally.count(finding.severity)
        yield finding


def _found(
    tracker: Tracker, case_ids: Iterable[str], tally: Tally, shared: Shared | None
) -> Iterator[Finding]:
    if tracker.ledger.practice:
        yield Finding(
            severity="info", case=None, version=None, rule="practice",
            detail="a practice ledger: its clock may be set, and its cases are no evidence",
        )  # fmt: skip
    yield from done(tracker, _judged, case_ids, tally, shared)


def _judged(tracker: Tracker, case_ids: Iterable[str], tally: Tally) -> Iterator[Finding]:
    editions = _editions(tracker)
    for case_id in case_ids:
        entries = tracker.ledger.entries(case_id)
        tally.cases += 1
        tally.entries += len(entries)
        yield from _of_case(tracker, entries, editions)


def _of_case(
    tracker: Tracker, entries: tuple[e.Entry, ...], editions: Editions
) -> Iterator[Finding]:
    case = replay_partly(entries[0].case, entries)
    first = case.left[0] if case.left else case.definition
    workflow = _pinned(tracker, first)
    if workflow is None:
        yield Finding(
            severity="error", case=case_name(case), version=1, rule="definition",
            detail="the workflow it has pinned is not, or not as it was, in the ledger",
        )  # fmt: skip
        return
    pinned = partial(_pinned, tracker)
    record = Record(name=case_name(case), entries=entries, workflow=workflow, pinned=pinned)
    yield from conformance(record, editions, tracker.now)


def _pinned(tracker: Tracker, digest: str) -> Workflow | None:
    try:
        return tracker.desk.definitions.pinned(digest)
    except Corrupt:
        return None


def _editions(tracker: Tracker) -> Editions:
    def kept(digest: str) -> str | None:
        try:
            return tracker.ledger.definition(digest)
        except Corrupt:
            return None

    return Editions(tracker.desk.kept, kept)


def drifting(
    tracker: Tracker, case_ids: Iterable[str], tally: Tally, shared: Shared | None = None
) -> Iterator[drift.Drifted]:
    """The deadlines that would be dated otherwise today, case by case; shared as ``examined``."""
    for found in done(tracker, _dated, case_ids, tally, shared):
        tally.count("differing")
        yield found


def _dated(tracker: Tracker, case_ids: Iterable[str], tally: Tally) -> Iterator[drift.Drifted]:
    editions = _editions(tracker)
    for case_id in case_ids:
        record = _record(tracker, case_id)
        tally.cases += 1
        tally.deadlines += sum(1 for _ in drift.dated(record))
        yield from drift.drifted(record, editions)


def _record(tracker: Tracker, case_id: str) -> drift.Record:
    case = tracker.case(case_id)
    return drift.Record(
        name=case_name(case),
        case=case,
        entries=tracker.ledger.entries(case_id),
        pinned=tracker.workflow_of(case),
        today=_shipped(tracker, case.workflow),
        left={digest: tracker.desk.definitions.pinned(digest) for digest in case.left},
    )


def _shipped(tracker: Tracker, name: str) -> Workflow | None:
    try:
        return tracker.desk.definitions.current(name)[0]
    except (UnknownName, BadDefinition):
        return None
