"""A ledger in memory: complete, with the same bodies; it is gone when the process is."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from casetrack.domain.case import Case
from casetrack.domain.events import Entry
from casetrack.domain.fold import evolve, replay
from casetrack.domain.reminders import Subject
from casetrack.errors import Corrupt
from casetrack.ledger import canonical, rowwise
from casetrack.ledger.codec import opening, parse, record
from casetrack.ledger.limits import nothing_to_redact, redaction_targets
from casetrack.ledger.refusals import key_taken, moved_on, reference_taken
from casetrack.ledger.runs import MemoryRuns
from casetrack.ledger.store import (
    LEDGER_CASE,
    CaseRow,
    DeadlineRow,
    DocketRow,
    Draft,
    Query,
    Sort,
    Sources,
    Stats,
    ValueRow,
)
from casetrack.ledger.trees import MemoryTree
from casetrack.ledger.views import case_row, deadline_rows, folded, value_rows


class MemoryLedger:
    """The ``Ledger`` protocol on dicts; see there for what each method promises."""

    def __init__(self, sources: Sources, *, practice: bool = False) -> None:
        opened = opening(sources, practice=practice)
        self._sources = sources
        self._id = opened.ledger
        self._practice = practice
        self._entries: dict[str, tuple[Entry, ...]] = {LEDGER_CASE: (opened,)}
        self._disclosures: dict[tuple[str, int], Mapping[str, str]] = {}
        self._definitions: dict[str, str] = {}
        self._cases: dict[str, Case] = {}
        self._in_transaction = False
        self.runs = MemoryRuns(self._cases, self._newest)
        self.tree = MemoryTree(self._entries)

    def _newest(self) -> datetime:
        return max(found[-1].recorded_at for found in self._entries.values())

    @property
    def id(self) -> str:
        return self._id

    @property
    def practice(self) -> bool:
        return self._practice

    @property
    def withheld(self) -> bool:
        return False

    @property
    def sources(self) -> Sources:
        return self._sources

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._in_transaction:
            raise RuntimeError("a ledger's transactions may not be nested")
        kept = [dict(part) for part in self._parts()]
        self._in_transaction = True
        try:
            yield
        except BaseException:
            for part, before in zip(self._parts(), kept, strict=True):
                part.clear()
                part.update(before)
            raise
        finally:
            self._in_transaction = False

    def _parts(self) -> tuple[dict[Any, Any], ...]:
        kept = self._entries, self._disclosures, self._definitions, self._cases
        return *kept, *self.tree.parts

    def append(
        self, case: Case, drafts: Sequence[Draft], definitions: Mapping[str, str] | None = None
    ) -> tuple[Case, tuple[Entry, ...]]:
        if not self._in_transaction:
            with self.transaction():
                return self.append(case, drafts, definitions)
        self._admit(case, drafts)
        recorded = []
        after = case
        for draft in drafts:
            entry, disclosures = record(after, draft, self._sources, self._id)
            after = evolve(after, entry)
            recorded.append((entry, disclosures))
        for digest, text in (definitions or {}).items():
            self._keep_definition(digest, text)
        for entry, disclosures in recorded:
            self._entries[case.id] = (*self._entries.get(case.id, ()), entry)
            self._disclosures[case.id, entry.version] = disclosures
        self._keep_view(after)
        return after, tuple(entry for entry, _ in recorded)

    def _admit(self, case: Case, drafts: Sequence[Draft]) -> None:
        known = self._entries.get(case.id, ())
        if len(known) != case.version:
            raise moved_on()
        given = [draft.key for draft in drafts if draft.key is not None]
        if len(set(given)) < len(given) or any(entry.key in given for entry in known):
            raise key_taken()
        wanted = {draft.event.typed.get("reference") for draft in drafts} - {None}
        if any(held.reference in wanted for held in self._cases.values()):
            raise reference_taken()

    def _keep_definition(self, digest: str, text: str) -> None:
        if canonical.digest(text) != digest:
            raise ValueError("a definition is kept under the digest of its text")
        self._definitions.setdefault(digest, text)

    def _keep_view(self, case: Case) -> None:
        if case.id != LEDGER_CASE:
            self._cases[case.id] = case

    def redact(self, case: Case, draft: Draft) -> tuple[Case, tuple[Entry, ...]]:
        targets = redaction_targets(draft)
        with self.transaction():
            _, entries = self.append(case, [draft])
            for target in targets:
                at = case.id, target.version
                held = dict(self._disclosures.get(at, {}))
                if held.pop(target.name, None) is None:
                    raise nothing_to_redact(target)
                self._disclosures[at] = held
            self._entries[case.id] = tuple(map(self._reread, self._entries[case.id]))
            after = replay(case.id, self._entries[case.id])
            self._keep_view(after)
        return after, entries

    def _reread(self, entry: Entry) -> Entry:
        at = entry.case, entry.version
        return parse(entry.body, self._disclosures.get(at, {}), at)

    def entries(self, case_id: str) -> tuple[Entry, ...]:
        return self._entries.get(case_id, ())

    def streams(self) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        """Every case in order of id with its entries."""
        for case_id in self.case_ids():
            yield case_id, self._entries[case_id]

    def stored(self, case_id: str) -> Sequence[tuple[str, str]]:
        """A case's bodies and their digests, by version."""
        return [(entry.body, entry.digest) for entry in self.entries(case_id)]

    def disclosures(self, case_id: str) -> Mapping[tuple[int, str], str]:
        """The exact disclosure texts still on file, by version and sealed name."""
        return {
            (version, name): text
            for (case, version), texts in self._disclosures.items()
            if case == case_id
            for name, text in texts.items()
        }

    def by_key(self, case_id: str, key: str) -> Entry | None:
        return next((entry for entry in self.entries(case_id) if entry.key == key), None)

    def definition(self, digest: str) -> str:
        if digest not in self._definitions:
            raise Corrupt("a pinned definition is not in the ledger")
        return self._definitions[digest]

    def case_ids(self) -> Iterator[str]:
        yield from sorted(self._cases)

    def references(self, prefix: str, limit: int = 0) -> Sequence[tuple[str, str]]:
        found = sorted(
            (case.reference, case.id)
            for case in self._cases.values()
            if isinstance(case.reference, str) and case.reference.startswith(prefix)
        )
        return found[: limit or None]

    def case_row(self, case_id: str) -> CaseRow | None:
        case = self._cases.get(case_id)
        return None if case is None else case_row(case)

    def list_cases(self, query: Query) -> Sequence[tuple[CaseRow, DeadlineRow | None]]:
        return rowwise.list_cases(self._cases.values(), query)

    def docket(
        self, until: date | None, *, patients: bool = False, ended_from: date | None = None
    ) -> Iterator[DocketRow]:
        cases = self._cases.values()
        yield from rowwise.docket(cases, until, patients=patients, ended_from=ended_from)

    def subjects(self, until: date) -> Mapping[tuple[str, Subject], Sequence[tuple[str, str]]]:
        return rowwise.subjects(self.docket(until))

    def grounds(self) -> Sequence[tuple[str, str]]:
        rows = rowwise.running(self._cases.values())
        return sorted({(row.clock, row.counted_from) for row in rows})

    def doubtful(
        self, presumed: Sequence[tuple[str, str]], *, patients: bool = False
    ) -> Iterator[DocketRow]:
        rows = rowwise.docket(self._cases.values(), None, patients=patients)
        yield from (row for row in rows if rowwise.doubtful(row.deadline, presumed))

    def calendars(self) -> Sequence[tuple[str, ...]]:
        return sorted({row.calendars for row in rowwise.running(self._cases.values())})

    def crossing(
        self, calendars: tuple[str, ...], first: date, last: date
    ) -> Sequence[DeadlineRow]:
        return rowwise.crossing(self._cases.values(), calendars, first, last)

    def pinned(self) -> Sequence[str]:
        return sorted({case.definition for case in self._cases.values() if not case.final})

    def find(self, text: str, names: Sequence[str]) -> Sequence[ValueRow]:
        rows = [
            ValueRow(case_id=case_id, name="reference", value=reference)
            for reference, case_id in self.references("")
        ]
        for case_id in self.case_ids():
            rows += [row for row in value_rows(self._cases[case_id]) if row.name in names]
        wanted = folded(text)
        return [row for row in rows if wanted in folded(row.value)]

    def counts(self) -> Sequence[tuple[str, str | None, int]]:
        return rowwise.counts(self._cases.values())

    def sorts(self) -> Mapping[Sort, date]:
        return rowwise.sorts(self.docket(None))

    def of_sort(self, sort: Sort) -> Sequence[DocketRow]:
        return [row for row in self.docket(None) if rowwise.sort_of(row) == sort]

    def unassigned(self) -> Sequence[CaseRow]:
        return rowwise.unassigned(self._cases.values())

    def silent(self) -> Sequence[CaseRow]:
        return rowwise.silent(self._cases.values())

    def next_act_by(self) -> date | None:
        return self.stats().next_act_by

    def stats(self) -> Stats:
        rows = rowwise.docket(self._cases.values(), None, patients=False)
        return Stats(
            cases=len(self._cases),
            open_cases=sum(not case.final for case in self._cases.values()),
            entries=sum(map(len, self._entries.values())),
            open_deadlines=len(rows),
            next_act_by=rows[0].deadline.act_by if rows else None,
        )

    def rebuild(self) -> int:
        self._cases.update({case_id: replay(case_id, found) for case_id, found in self.streams()})
        return len(self._cases)

    def views(self, case_id: str) -> tuple[CaseRow, Sequence[DeadlineRow], Sequence[ValueRow]]:
        """Raises ``Corrupt`` if there is no such case."""
        case = self._cases.get(case_id)
        if case is None:
            raise Corrupt(f"case {case_id} is in no view")
        return case_row(case), deadline_rows(case), value_rows(case)

    def close(self) -> None:
        """Nothing is held."""
