"""A new case that follows another: what it takes over, what it leaves, and the link of both.

Taken over are the patient, the fields that an opening may have, and of each item that the first
steps ask for the evidence that counts, with its own date, its values and its file's digest. What is
stale, redacted, past, unknown to the new workflow or about later steps is left, and told.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain import fields, machine
from casetrack.domain.case import Case, Evidence
from casetrack.domain.checks import concerns
from casetrack.domain.commands import Moment, Record
from casetrack.domain.decide import record
from casetrack.domain.workflow import Item
from casetrack.errors import CasetrackError
from casetrack.ledger.store import Query
from casetrack.ledger.views import texts
from casetrack.reports.casefile import case_name
from casetrack.service.tracker import Tracker, Written
from casetrack.service.typed import Opening, Pairs

FOLLOWS = "follows"  # in the views, the id of the case before
_FILE = ("file_name", "file_size", "file_sha256")


class Followed(Struct, frozen=True, kw_only=True):
    """``taken``: fields and items by name; ``left``: by name, why not."""

    written: Written
    taken: tuple[str, ...] = ()
    left: Mapping[str, str] = {}


def follow(tracker: Tracker, opening: Opening, case_id: str) -> Followed:
    """Open a case with what it takes over from the one it follows, all of it or nothing."""
    return _Following(tracker, opening, case_id).done()


class _Following:
    def __init__(self, tracker: Tracker, opening: Opening, case_id: str) -> None:
        self._tracker = tracker
        self._opening = opening
        self._before = tracker.case(case_id)
        self._entries = tracker.ledger.entries(case_id)
        self._workflow = tracker.desk.definitions.current(opening.workflow)[0]
        self._on = tracker.desk.moment(self._workflow, opening.when).on
        self._left: dict[str, str] = {}

    def done(self) -> Followed:
        pairs, records = tuple(self._fields()), tuple(self._evidence())
        opening = replace(
            self._opening,
            pairs=(*self._opening.pairs, *pairs),
            patient=self._patient(),
            follows=self._before.id,
        )
        tracker = self._tracker
        with tracker.ledger.transaction():
            written = tracker.open(opening)
            for command in records:
                event = record(written.case, self._workflow, tracker.desk.calendars, command)
                written = tracker.append(written.case, event)
        names = dict.fromkeys([*(name for name, _ in pairs), *(r.item for r in records)])
        return Followed(written=written, taken=tuple(names), left=self._left)

    def _patient(self) -> str | None:
        known = self._before.patient
        if self._opening.patient is not None or known is None:
            return self._opening.patient
        if isinstance(known, str):
            return known
        self._left["patient"] = "was redacted"
        return None

    def _fields(self) -> Iterator[tuple[str, str]]:
        given = {name for name, _ in self._opening.pairs}
        for name, value in self._before.fields.items():
            if name not in given and self._takes(name, value):
                yield from ((name, text) for text in texts(value))

    def _takes(self, name: str, value: e.Value) -> bool:
        why = self._against(name, value)
        if why:
            self._left[name] = why
        return not why

    def _against(self, name: str, value: e.Value) -> str:
        workflow = self._workflow
        if name not in workflow.open_fields:
            return "an opening does not say it"
        if isinstance(value, e.Redacted):
            return "was redacted"
        said = tuple(texts(value))
        try:
            pairs: Pairs = [(name, text) for text in said]
            fields.read_values(workflow, [name], pairs, self._tracker.desk.reader(workflow))
        except CasetrackError:
            return f"is no value of {workflow.id}"
        ends = {clock.until for clock in workflow.clocks.values()}
        return "has passed" if name in ends and said[0] < self._on.isoformat() else ""

    def _evidence(self) -> Iterator[Record]:
        for item in self._before.evidence:
            found = self._before.evidence_for(item, self._on)
            if found is None:
                continue
            why = self._unfit(item, found)
            if why:
                self._left[item] = why
            else:
                yield self._copy(found)

    def _unfit(self, name: str, found: Evidence) -> str:
        item = self._workflow.items.get(name)
        first = machine.possible(self._workflow, self._workflow.initial)
        if item is None:
            return f"{self._workflow.id} has no such item"
        if not any(concerns(item, trigger) for trigger in first):
            return "is about a later step"
        if found.values.keys() - set(item.fields):
            return "holds a value that the item does not have there"
        if e.REDACTED in found.values.values() or self._file(found) == ():
            return "was redacted"
        return self._aged(item, found)

    def _aged(self, item: Item, found: Evidence) -> str:
        age = (self._on - found.on).days
        if age < 0:
            return f"is dated {found.on}, after the opening"
        if item.fresh is not None and age > item.fresh.days:
            return f"is stale: {age} days old, and at most {item.fresh.days} are fresh"
        return ""

    def _file(self, found: Evidence) -> tuple[str, ...] | None:
        """Name, size and digest; none if there is no file, empty where one of them is redacted."""
        if not found.has_file:
            return None
        kept = self._entries[found.version - 1].disclosed
        return tuple(str(kept[n]) for n in _FILE) if all(n in kept for n in _FILE) else ()

    def _copy(self, found: Evidence) -> Record:
        file = self._file(found)
        values = {n: v for n, v in found.values.items() if not isinstance(v, e.Redacted)}
        return Record(
            item=found.item,
            moment=Moment(on=found.on, now=self._tracker.now),
            values=values,
            file=(file[0], int(file[1]), file[2]) if file else None,
        )


def links(tracker: Tracker, case: Case) -> dict[str, Any]:
    """The case that a case follows, and those that follow it, by reference: names and ids.

    Those after it are found by a value, so that where these are withheld none is named.
    """
    before = case.follows and {"case": case_name(tracker.case(case.follows)), "id": case.follows}
    asked = case.version and not tracker.ledger.withheld
    rows = tracker.ledger.list_cases(Query(where={FOLLOWS: case.id})) if asked else ()
    after = [{"case": row.reference or row.case_id, "id": row.case_id} for row, _ in rows]
    return {"follows": before, "followed_by": after}
