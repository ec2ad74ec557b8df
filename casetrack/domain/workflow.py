"""A workflow as frozen data: states, triggers, clocks, requirements, and the source of each rule.

An *event name* is a trigger, ``record:ITEM`` or ``note:KIND``; clocks are armed and ended by those.
A *length* is ``14bd``, ``65d``, ``6w``, ``4mo`` or ``72h``; a *rung* is ``10bd`` or ``24h`` before.
What is ``UNSET`` is left out of the canonical text: older definitions keep theirs.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from casetrack.domain.reference import Code, Contact, Statement

Owner = Literal["provider", "payer", "reviewer"]
Kind = Literal["statutory", "service", "planned"]
Roll = Literal["none", "following", "preceding"]
Grade = Literal["V", "V2", "R"]
FieldType = Literal["text", "date", "instant", "code", "integer", "decimal", "yes_no"]
Test = Literal[
    "given", "equals", "one_of", "none_of", "none_under", "at_most", "at_least", "min_years",
    "not_before", "not_after", "ndc",
]  # fmt: skip
CodeSystem = Literal["icd-10-cm", "ndc"]
GuardName = Literal["ready", "rules", "in_time", "in_order", "passed", "expedited"]

DAY = "on"  # in a rule or a guard: the transition's own day
STAGE = "stage"  # in a guard: the day on which the case's stage began
PRESUMED = "presumed_receipt"  # what a reading was counted from where a receipt is presumed
DUE_OF = "due:"  # before a clock: counted from the last moment of its latest deadline
ANY = "*"  # in ``armed_by``: any entry that says the clock's own last day, an opening or a note too
REQUEST = "request"  # a clock that counts from the day, or instant, of the event that arms it


class State(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place where a case can be; a ``final`` one is never left."""

    title: str
    initial: bool = False
    final: bool = False


class Stage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """States that share one request to the payer or reviewer, and so one expedited reading."""

    title: str
    states: tuple[str, ...]


class Field(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named value. ``clear`` ones stand in hashed bodies, all others are sealed.

    ``future``: a date that may lie ahead. ``many``: may repeat, and is then always a list.
    ``findable``: ``find`` searches it. ``codes``: the system that its codes are looked up in.
    """

    title: str
    type: FieldType
    values: tuple[str, ...] = ()
    clear: bool = False
    future: bool = False
    many: bool = False
    findable: bool = False
    codes: CodeSystem | UnsetType = UNSET


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test on one field. ``unless`` names a list field whose codes are excepted."""

    field: str
    test: Test
    says: str
    source: str
    values: tuple[str, ...] = ()
    blocking: bool = True
    unless: str | None = None


class Freshness(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Evidence may be 0 to ``days`` days old, inclusive, on the day of the triggers named."""

    days: int
    checked_for: tuple[str, ...]
    source: str
    blocking: bool = False


class Item(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A requirement: what must be on file, as evidence, before the triggers named.

    ``answers``: by field, the codes of the reasons for a refusal that its evidence answers.
    """

    title: str
    group: str
    source: str
    needed_for: tuple[str, ...] = ()
    blocking: bool = True
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    fresh: Freshness | None = None
    hint: str = ""
    answers: dict[str, tuple[str, ...]] | UnsetType = UNSET


class Guard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named condition on a trigger; ``clocks`` or ``fields`` are what it looks at."""

    name: GuardName
    clocks: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    overridable: bool = True


class Move(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From these states (``*``: every state that is not final) to one; no ``to``: it stays."""

    origins: tuple[str, ...]
    to: str | None = None


class Trigger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A permitted transition.

    ``expedites`` asks for the short clock, ``refuses_expedite`` cancels it.

    ``reopens`` names filing clocks whose latest deadline returns as it was when it closed.
    ``contests``: the fields whose codes are the reasons that this filing has to answer.
    """

    title: str
    moves: tuple[Move, ...]
    source: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    rules: tuple[Rule, ...] = ()
    reopens: tuple[str, ...] = ()
    expedites: bool = False
    refuses_expedite: bool = False
    hint: str = ""
    contests: tuple[str, ...] | UnsetType = UNSET


class Law(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the law says beside a clock; no ``length`` where the law has no such clock."""

    source: str
    evidence: Grade
    caveat: str
    length: str | None = None
    expedited: str | None = None


class Version(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a clock's rule is for dates from ``since`` on, up to the next version's.

    What it does not say stands as in the clock, which is the rule before the first version.
    """

    since: str
    source: str
    evidence: Grade
    caveat: str = ""
    length: str | None = None
    expedited: str | None = None
    presumed_days: int | None = None
    law: Law | None = None
    counts_from: str | UnsetType = UNSET  # left out of the canonical text, as armed_if is


class Clock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule that arms a deadline.

    ``counts_from``: ``request`` (the arming event's own day), a field, or ``due:CLOCK``.
    ``presumed_from``: the date counted from where that field, a receipt, is not given; it is
    presumed received ``presumed_days`` later, 0 where nothing is presumed.
    ``version_by``: the field whose date picks the version.
    ``cut_off``: the local time on the last day (``16:59``) up to which, inclusive, an act is
    timely; ``sent_field``: the instant that is judged against it.
    ``opens``: it opens a right once it has passed, and is never overdue.
    ``proof_field``: without it a filing that ends the clock leaves it open, unproven, until
    ``proof_item`` is recorded or an event of ``proven_by`` shows that the filing arrived.
    ``until``: a field that is itself the last day; then ``length`` is only the fallback, if any.
    ``expedited`` without either: it is armed in a stage that is already expedited, and only there.
    ``armed_if``: by field, the codes of which one has to be given for it to be armed.
    ``stated``: a field with the date that the letter names; kept beside, never instead.
    ``watch``: a date that has to lie on or before the last day; it is asked for from
    ``watch_days`` business days before.
    ``also_alive``: by the state that an arming leaves the case in, more states it lives in.
    """

    title: str
    owner: Owner
    kind: Kind
    armed_by: tuple[str, ...]
    alive_in: tuple[str, ...]
    ended_by: tuple[str, ...]
    source: str
    evidence: Grade
    counts_from: str = REQUEST
    length: str | None = None
    until: str | None = None
    expedited: str | None = None
    roll: Roll = "none"
    roll_calendar: str | None = None
    rungs: tuple[str, ...] = ()
    also_alive: dict[str, tuple[str, ...]] = {}
    caveat: str = ""
    law: Law | None = None
    contact: str | None = None
    stated: str | None = None
    watch: str | None = None
    watch_days: int = 0
    presumed_from: str | None = None
    presumed_days: int = 0
    versions: tuple[Version, ...] = ()
    version_by: str | None = None
    cut_off: str | None = None
    sent_field: str | None = None
    opens: bool = False
    proof_field: str | None = None
    proof_item: str | None = None
    proven_by: tuple[str, ...] = ()
    armed_if: dict[str, tuple[str, ...]] | UnsetType = UNSET

    @property
    def expedited_only(self) -> bool:
        return self.length is None and self.until is None

    def starts_by(self, event: str) -> bool:
        """Whether an event of that name arms it, if it says what the clock asks for."""
        return event in self.armed_by or ANY in self.armed_by


class Workflow(Struct, frozen=True, kw_only=True, eq=False, forbid_unknown_fields=True):
    """One regime, whole. Identity is by object; the definition's digest is the lasting name.

    ``endless``: the states that a case always comes back to, where it need not end.
    ``calendar`` counts and ``office``, if any, adds our own closing days: safe dates and warnings
    come earlier by it, and nothing is ever due later.
    """

    id: str
    title: str
    edition: str
    standing: str
    source: str
    zone: str
    calendar: str
    states: dict[str, State]
    stages: dict[str, Stage]
    fields: dict[str, Field]
    items: dict[str, Item]
    triggers: dict[str, Trigger]
    clocks: dict[str, Clock]
    open_fields: tuple[str, ...] = ()
    note_fields: tuple[str, ...] = ()
    caveat: str = ""
    codes: tuple[Code, ...] = ()
    contacts: dict[str, Contact] = {}
    statements: tuple[Statement, ...] = ()
    # Left out of the canonical text where they are not given: older definitions keep theirs.
    endless: tuple[str, ...] | UnsetType = UNSET
    office: str | UnsetType = UNSET

    @property
    def recurring(self) -> tuple[str, ...]:
        return self.endless or ()

    @property
    def open_days(self) -> str:
        """The calendar of the days on which we can act: our own office's, if it has one."""
        return self.office or self.calendar

    @property
    def initial(self) -> str:
        return next(name for name, state in self.states.items() if state.initial)

    def origins(self, move: Move) -> tuple[str, ...]:
        """The states a move leaves; ``*`` stands for every state that is not final."""
        if move.origins != ("*",):
            return move.origins
        return tuple(name for name, state in self.states.items() if not state.final)

    def arcs(self) -> Iterator[tuple[str, str, str]]:
        """Every (trigger, from, to), stays included."""
        for name, trigger in self.triggers.items():
            for move in trigger.moves:
                for origin in self.origins(move):
                    yield name, origin, move.to or origin

    def stage_of(self, state: str) -> str | None:
        return next((name for name, s in self.stages.items() if state in s.states), None)
