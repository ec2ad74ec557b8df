"""An import: a CSV with a row for each action, whole cases into the ledger or not at all.

Columns, by name and in any order:

``case``       the case's exact reference; its rows stand together, the oldest action first
``action``     ``open``, a trigger, ``record:ITEM``, ``note``, ``assign``, ``plan``, ``done``,
               ``extend``, ``toll``, ``resume`` or ``adopt``
``on``, ``at``  the day, or the instant, it happened; each row has at least one
``patient``, ``workflow``  on ``open`` rows only; no workflow: the default one; an ``adopt`` row
               names the workflow that the case goes over to
``follows``    on ``open`` rows only: the reference of an earlier case that it follows
``actor``      who did it, as claimed; none: who imports
``reason``     on the rows of triggers, and on ``extend``, ``toll``, ``resume`` and ``adopt`` rows
``override``   why to go ahead though a guard is unmet; ignored where it is not needed
``text``       what a ``note`` says; what a ``plan`` is called; whose an ``assign`` row makes the
               case, none: nobody's; which states an ``adopt`` row renames, ``OLD=NEW``
``deadline``   ``clock#n`` on ``done``, ``extend``, ``toll`` and ``resume`` rows
``to``         the day on which a ``plan`` is due, or to which an ``extend`` row goes
``basis``      on ``extend`` rows
``file_name``, ``file_size``, ``file_sha256``  on ``record`` rows, all three or none
``rejected_because``  ignored, so that a file of rejected rows can be mended and imported

Any other column is a field. An empty cell is no value; ``;`` separates the values of a field that
may repeat. A case that is in the ledger is continued where its first row is not ``open``.
``recorded_at`` is the import's own; every entry holds the number of its row and, sealed, the
SHA-256 of the file.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from casetrack.domain.case import Case
from casetrack.errors import BadDatabase, Refused, Unparsable
from casetrack.ledger.codec import new_case_id
from casetrack.service.actions import OPEN
from casetrack.service.planning import Plan, Planner, Problem
from casetrack.service.rejects import Rejects
from casetrack.service.rows import Row, Sheet
from casetrack.service.tracker import Tracker

SHOWN = 20
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)


class Mode(Struct, frozen=True, kw_only=True):
    """``rejected``: with ``keep_going``, the new file that takes the rejected cases' rows."""

    keep_going: bool = False
    dry_run: bool = False
    rejected: Path | None = None


ALL_OR_NOTHING = Mode()


class Outcome(Struct, frozen=True, kw_only=True):
    """Rows and cases read, cases rejected among them, and the first reasons why."""

    rows: int
    cases: int
    rejected: int
    dry_run: bool
    reasons: tuple[str, ...]


def import_sheet(
    tracker: Tracker,
    sheet: Sheet,
    mode: Mode = ALL_OR_NOTHING,
    advance: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Import in one transaction, or with ``keep_going`` in one for each case.

    ``advance`` is told the rows of each case done. Raises ``Refused``, with the first reasons and
    nothing written, if a row is bad and ``keep_going`` is not set.
    """
    run = _Run(tracker, sheet, advance)
    if mode.keep_going:
        run.each(mode)
    elif mode.dry_run:
        run.whole(write=False)
    else:
        with tracker.ledger.transaction():
            run.whole(write=True)
    return Outcome(
        rows=sheet.rows, cases=run.cases, rejected=run.rejected, dry_run=mode.dry_run,
        reasons=tuple(run.reasons),
    )  # fmt: skip


Group = tuple[str, tuple[Row, ...]]


def in_order(groups: Iterable[Group], followed: Container[str]) -> Iterator[Group]:
    """As the file has them, but a case that follows another of the file comes after that.

    ``followed``: those that another follows; no other name is kept in mind.
    """
    waiting: dict[str, list[Group]] = {}
    passed: set[str] = set()

    def released(ready: list[Group]) -> Iterator[Group]:
        while ready:
            yield ready[0]
            name = ready.pop(0)[0]
            if name in followed:
                passed.add(name)
            ready += waiting.pop(name, ())

    for group in groups:
        before = group[1][0].values.get("follows")
        if before is None or before in passed:
            yield from released([group])
        else:
            waiting.setdefault(before, []).append(group)
    held = {name for found in waiting.values() for name, _ in found}
    for name in sorted(waiting, key=lambda name: name in held):  # first what waits for no other
        yield from released(waiting.pop(name, []))


class _Run:
    """One pass over a sheet."""

    def __init__(self, tracker: Tracker, sheet: Sheet, advance: Callable[[int], None]) -> None:
        self._tracker = tracker
        self._ledger = tracker.ledger
        self._sheet = sheet
        self._planner = Planner(tracker, sheet)
        self._advance = advance
        self.cases = 0
        self.rejected = 0
        self.reasons: list[str] = []

    def whole(self, *, write: bool) -> None:
        """All cases, or a refusal; the transaction around it takes back what was appended."""
        for case, rows in in_order(self._sheet.groups(), self._sheet.followed):
            self._count(self._take(case, rows, write=write and not self.rejected), len(rows))
        if self.rejected:
            more = f"; the first {SHOWN} are named" if self.rejected > SHOWN else ""
            raise Refused(
                f"nothing is imported: {self.rejected} of {self.cases} cases can't be{more} "
                f"(--keep-going imports the others)",
                self.reasons,
            )

    def each(self, mode: Mode) -> None:
        """Every good case in a transaction of its own; the others' rows to the file."""
        path = None if mode.dry_run else mode.rejected
        with Rejects(path, self._sheet.header) as rejects:
            for case, rows in in_order(self._sheet.groups(), self._sheet.followed):
                problem = self._take(case, rows, write=not mode.dry_run)
                if problem is not None:
                    rejects.take(rows, problem.row, problem.reason)
                self._count(problem, len(rows))

    def _count(self, problem: Problem | None, rows: int) -> None:
        self.cases += 1
        if problem is not None:
            self.rejected += 1
            if len(self.reasons) < SHOWN:
                self.reasons.append(str(problem))
        self._advance(rows)

    def _take(self, case: str, rows: tuple[Row, ...], *, write: bool) -> Problem | None:
        """Decide a whole case, then append it; or why not."""
        if (unfit := self._unfit(case, rows)) is not None:
            return unfit
        first = rows[0]
        start = self._start(first, write=write)
        if isinstance(start, str):
            return Problem(row=first.number, case=case, reason=f"case: {start}")
        plan = self._planner.plan(start, rows)
        if isinstance(plan, Problem):
            return plan
        return self._append(plan, first) if write else None

    def _unfit(self, case: str, rows: tuple[Row, ...]) -> Problem | None:
        """What is wrong with the rows, whatever they ask for."""
        first = rows[0]
        named = case if _REFERENCE.fullmatch(case) else None
        faulty = next((row for row in rows if row.fault), None)
        if faulty is not None:
            return Problem(row=faulty.number, case=named, reason=faulty.fault)
        if named is None:
            why = (
                "is no reference: 1 to 32 letters, digits, '.', '_' and '-'" if case else "is empty"
            )
            return Problem(row=first.number, case=None, reason=f"case: {why}")
        if case in self._sheet.apart:
            why = "case: the rows of this case do not stand together"
            return Problem(row=first.number, case=case, reason=why)
        return None

    def _start(self, first: Row, *, write: bool) -> Case | str:
        """The case as the ledger holds it, or why not.

        That a new case's reference is free shows when it is appended; asking before would send
        each case to the database alone.
        """
        opens = first.values.get("action") == OPEN
        if opens and write:
            return Case(id=new_case_id(self._ledger.sources))
        known = self._ledger.references(first.case, limit=1)
        found = known[0][1] if known and known[0][0] == first.case else None
        if opens:
            return "a case with that reference exists already" if found else Case(id="")
        if found is None:
            return "no case of that reference; a new one starts with an open row"
        return self._tracker.case(found)

    def _append(self, plan: Plan, first: Row) -> Problem | None:
        try:
            self._ledger.append(plan.case, plan.drafts, plan.definitions)
        except BadDatabase:
            raise
        except (Refused, Unparsable) as error:
            return Problem(row=first.number, case=first.case, reason=f"case: {error.message}")
        return None
