"""The case manager's use cases: read the case, decide, append, say what was written."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from casetrack.catalog import defaults
from casetrack.catalog.shelf import Shelf
from casetrack.domain import dates
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.clocks import Calendars
from casetrack.domain.fold import replay
from casetrack.domain.imagine import imagine
from casetrack.domain.workflow import Workflow
from casetrack.errors import AmbiguousCase, Busy, Conflict, Refused, StaleVersion, UnknownName
from casetrack.ledger.codec import new_case_id
from casetrack.ledger.store import LEDGER_CASE, Draft, Ledger
from casetrack.service.bootstrap import Definitions, KeptCalendars, calendar_texts
from casetrack.service.desk import TODAY, Desk, Firing, Opening, Recording, Typed
from casetrack.service.references import new_reference

T = TypeVar("T")
DEFAULT_WORKFLOW = defaults.WORKFLOW
TRIES = 5
REMINDERS = "remind-"  # what the keys of their entries begin with, and no others
LISTED = 1000  # cases named in one entry


class Written(Struct, frozen=True, kw_only=True):
    """The case after a write, and the fact; a dry run's case is as it would become.

    ``before`` is the case that was decided on, None where that is not known any more.
    """

    case: Case
    data: e.Data
    version: int
    digest: str | None
    dry_run: bool = False
    repeated: bool = False
    before: Case | None = None


class Terms(Struct, frozen=True, kw_only=True):
    """On what terms to write: only at this version, under this key, or not at all."""

    if_version: int | None = None
    key: str | None = None
    dry_run: bool = False


DEFAULT_TERMS = Terms()


class Tracker:
    """One ledger, worked on by one actor at one ``now``."""

    def __init__(
        self,
        ledger: Ledger,
        now: datetime,
        actor: str,
        calendars: Calendars | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self.ledger = ledger
        self.now = now
        self.actor = actor
        self.shelf = Shelf() if shelf is None else shelf
        known = self.shelf if calendars is None else calendars
        kept = KeptCalendars(known, ledger)
        self.desk = Desk(Definitions(ledger, self.shelf), known, now, kept)

    def resolve(self, text: str, *, exact: bool = False) -> str:
        """The case id of a reference, of a unique prefix of one, or of the id itself."""
        found = self.ledger.references(text, limit=11) if text else ()
        if found and found[0][0] == text:
            return found[0][1]
        if self.ledger.case_row(text) is not None:
            return text
        if exact and found:
            raise AmbiguousCase(
                "without a terminal a command that writes needs the whole reference"
            )
        if not found:
            raise UnknownName("no case of that reference; see 'casetrack list'")
        if len(found) > 1:
            names = ", ".join(name for name, _ in found[:10])
            more = " ..." if len(found) > 10 else ""
            raise AmbiguousCase(f"more than one reference starts so: {names}{more}")
        return found[0][1]

    def case(self, case_id: str) -> Case:
        return replay(case_id, self.ledger.entries(case_id))

    def workflow_of(self, case: Case) -> Workflow:
        return self.desk.workflow_of(case)

    def open(self, opening: Opening) -> Written:
        """Open a case; an empty reference asks for one to be made."""
        sources = self.ledger.sources
        if not opening.reference:
            opening = replace(opening, reference=new_reference(sources.randomness))
        event, definition = self.desk.open(opening)
        return self.append(Case(id=new_case_id(sources)), event, None, definition)

    def do(self, case_id: str, typed: Typed, terms: Terms = DEFAULT_TERMS) -> Written:
        """Carry out one command on one case; a lost race decides again, up to five times."""
        if terms.key and terms.key.startswith(REMINDERS):
            raise Refused(f"keys that begin with '{REMINDERS}' are the sweep's; choose another")
        for _ in range(TRIES):
            entries = self.ledger.entries(case_id)
            case = replay(case_id, entries)
            if terms.key and (entry := self.ledger.by_key(case_id, terms.key)):
                return self._repeated(case_id, entry, typed)
            _hold(entries, terms.if_version)
            event = self.desk.decide(case, typed, entries)
            if terms.dry_run:
                return Written(
                    case=imagine(case, event), data=event.data, version=case.version, digest=None,
                    dry_run=True, before=case,
                )  # fmt: skip
            try:
                return self.append(case, event, terms.key, self.desk.adopted_text(event))
            except Conflict:
                continue
        raise Busy("other writers kept changing the case; try again")

    def append(
        self,
        case: Case,
        event: e.Event,
        key: str | None = None,
        definitions: Mapping[str, str] | None = None,
    ) -> Written:
        """Record one event after the case's version."""
        draft = Draft(event=event, actor=self.actor, key=key)
        texts = {**(definitions or {}), **calendar_texts(event, self.desk.calendars)}
        after, entries = self.ledger.append(case, [draft], texts)
        return replace(_written(after, entries[-1]), before=case)

    def _repeated(self, case_id: str, entry: e.Entry, typed: Typed) -> Written:
        """The earlier result of the same command; a key serves one command only."""
        if not (isinstance(typed, Firing) and self.desk.same(self.case(case_id), typed, entry)):
            raise Refused("that idempotency key was used for another command; choose a new one")
        return replace(_written(self.case(case_id), entry), repeated=True)

    def record_all(self, case_id: str, recordings: Sequence[Recording]) -> tuple[Written, ...]:
        """A whole packet at once: every record is written or none."""

        def record() -> tuple[Written, ...]:
            written: list[Written] = []
            case = self.case(case_id)
            for typed in recordings:
                written.append(self.append(case, self.desk.decide(case, typed)))
                case = written[-1].case
            return tuple(written)

        return self._together(record)

    def do_all(self, case_ids: Sequence[str], typed: Typed) -> list[Written]:
        """The same on several cases, on all or none; in one order, so that two never deadlock."""
        order = sorted(set(case_ids))
        made = self._together(lambda: {case_id: self.do(case_id, typed) for case_id in order})
        return [made[case_id] for case_id in case_ids]

    def _together(self, work: Callable[[], T]) -> T:
        """In one transaction; a lost race does it all again, up to five times."""
        for _ in range(TRIES):
            try:
                with self.ledger.transaction():
                    return work()
            except Conflict:
                continue
        raise Busy("other writers kept changing the case; try again")

    def redact(self, case_id: str, targets: Sequence[e.Target], reason: str) -> Written:
        """Erase sealed values for good; the entry that says so names them by version."""
        for _ in range(TRIES):
            case = self.case(case_id)
            moment = self.desk.moment(self.workflow_of(case), TODAY)
            event = e.Event(
                data=e.ValueRedacted(removed=tuple(targets)),
                occurred_on=moment.on,
                typed={"reason": reason},
            )
            try:
                case, entries = self.ledger.redact(case, Draft(event=event, actor=self.actor))
            except Conflict:
                continue
            return _written(case, entries[-1])
        raise Busy("other writers kept changing the case; try again")

    def disclose(
        self, command: str, case_ids: Sequence[str], purpose: str | None = None
    ) -> tuple[int, ...]:
        """Note in the ledger's own stream that typed values left it; no ids: of every case.

        The versions of the entries that say so.
        """
        versions = []
        for start in range(0, max(len(case_ids), 1), LISTED):
            event = e.Event(
                data=e.DisclosureMade(
                    command=command,
                    scope="listed" if case_ids else "all",
                    cases=tuple(case_ids[start : start + LISTED]),
                ),
                occurred_on=dates.local_date(self.now, self.ledger.sources.zone),
                occurred_at=self.now,
                typed={"purpose": purpose} if purpose else {},
            )
            versions.append(self.note_in_ledger(event))
        return tuple(versions)

    def note_in_ledger(self, event: e.Event) -> int:
        """Append to the ledger's own stream, after whatever others append meanwhile; where."""
        for _ in range(TRIES):
            try:
                own, _ = self.ledger.append(
                    self.case(LEDGER_CASE), [Draft(event=event, actor=self.actor)]
                )
            except Conflict:
                continue
            return own.version
        raise Busy("other writers kept adding to the ledger's own stream; try again")


def _hold(entries: Sequence[e.Entry], version: int | None) -> None:
    """Refuse unless the case is at that version, or only what a sweep writes has followed."""
    if version is None or version == len(entries):
        return
    swept = (e.ReminderSent, e.DeadlineReprojected)
    if version > len(entries) or not all(isinstance(x.data, swept) for x in entries[version:]):
        raise StaleVersion(
            f"the case is at version {len(entries)}, not {version}; look at it again"
        )


def _written(case: Case, entry: e.Entry) -> Written:
    return Written(case=case, data=entry.data, version=entry.version, digest=entry.digest)
