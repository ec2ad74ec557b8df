"""One case as one HTML file: nothing is fetched, nothing runs, every value is escaped.

It tells what ``history`` tells, with pictures of the path taken and of the deadlines. It shows what
the entries say and proves nothing by itself: the entries do.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from msgspec import Struct

from casetrack.domain import dates
from casetrack.domain.case import Tracked, Transition
from casetrack.domain.events import Entry
from casetrack.reports import diagram, html, life, past, picture, timeline, words
from casetrack.reports.past import Told


class Step(Struct, frozen=True, kw_only=True):
    """The opening, number 0, or a move, numbered as in the pictures."""

    number: int
    when: str
    what: str
    state: str
    version: int
    days: str


class Clock(Struct, frozen=True, kw_only=True):
    """A deadline, and the entries by which it came, moved and ended."""

    deadline: str
    title: str
    owner: str
    due: str
    outcome: str
    late: bool
    came: tuple[str, ...]


class Row(Struct, frozen=True, kw_only=True):
    """What an entry did: its version, when it was recorded or sent, and what it says."""

    version: int
    when: str
    said: str


class Record(Struct, frozen=True, kw_only=True):
    """A piece of evidence by its own date, with its values as far as they may be shown."""

    item: str
    title: str
    on: str
    version: int
    said: str


class Chapter(Struct, frozen=True, kw_only=True):
    """An entry, whole."""

    version: int
    title: str
    when: str
    details: tuple[tuple[str, str], ...]
    digest: str


def render(told: Told) -> str:
    """One self-contained page, the same bytes for the same case and point."""
    data: Any = past.past_data(told)
    return html.filled(
        "story.html.j2",
        sheets=("style.css", "story.css"),
        told=told,
        title=told.workflow.title,
        state=told.workflow.states[told.case.state].title,
        asked=list(_asked(told)),
        patient=data.get("patient"),
        fields=[(name, _value(value)) for name, value in data["fields"].items()],
        open_items=data["open_items"],
        steps=list(_steps(told)),
        diagram=diagram.draw(told.workflow, _path(told), told.case.state),
        life=life.draw(told),
        width=picture.WIDTH,
        clocks=list(_clocks(told)),
        reminders=list(_reminders(told)),
        evidence=list(_evidence(told, data["evidence"])),
        corrections=list(_corrections(told)),
        entries=[_chapter(told, entry) for entry in told.picture.entries],
    )


def _path(told: Told) -> Sequence[Transition]:
    """The moves between states of the workflow that is followed; others it can't show."""
    known = told.workflow.states
    return [move for move in told.case.moves if move.origin in known and move.to in known]


def _asked(told: Told) -> Iterator[str]:
    """As of when it is told, and what for."""
    zone, point = told.workflow.zone, told.picture.point
    if point.true_by is not None:
        yield f"as true by {words.minute(point.true_by, zone)}, corrected by all that is known"
    if point.known_by is not None:
        yield f"as known by {words.minute(point.known_by, zone)}"
    yield f"days counted from {words.minute(told.at, zone)}"


def _value(value: object) -> str:
    if value is None:
        return "(sealed)"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _steps(told: Told) -> Iterator[Step]:
    opened, zone = told.case.opened_on, told.workflow.zone
    moves = told.case.moves
    days = [*([opened] if opened else []), *(m.on for m in moves)]
    days.append(max(days[-1], dates.local_date(told.at, zone)))
    lasted = [words.count((b - a).days, "day") for a, b in pairwise(days)]
    yield Step(number=0, when=words.day(days[0]), what="opened", state=told.workflow.initial,
               version=1, days=lasted[0])  # fmt: skip
    for number, move in enumerate(moves, 1):
        when = words.day(move.on) if move.at is None else words.minute(move.at, zone)
        yield Step(number=number, when=when, what=move.trigger, state=move.to,
                   version=move.version, days=lasted[number])  # fmt: skip


def _clocks(told: Told) -> Iterator[Clock]:
    for tracked in sorted(told.case.deadlines.values(), key=lambda t: t.armed_version):
        deadline = tracked.deadline
        yield Clock(
            deadline=deadline.deadline,
            title=past.title_of(told, tracked),
            owner=deadline.owner,
            due=words.day(deadline.reading.due_on),
            outcome=life.outcome_words(tracked),
            late=bool(tracked.late) or tracked.outcome == "lapsed",
            came=tuple(_came(told, tracked)),
        )


def _came(told: Told, tracked: Tracked) -> Iterator[str]:
    """Each entry that dated it, then the one that ended it."""
    name, reading = tracked.deadline.deadline, tracked.deadline.reading
    law = f", by the law {words.day(reading.law_by)}" if reading.law_by else ""
    yield f"act by {words.day(reading.act_by)}{law}"
    yield f"version {tracked.armed_version} armed it"
    for version, move in past.redated(told, name):
        yield f"version {version} moved it to {words.day(move.reading.due_on)} ({_why(move.why)})"
    for version in told.picture.presumes.get(name, ()):
        yield f"its dates rest on version {version} too, which is not told here"
    if tracked.closed_on is not None:
        yield f"version {tracked.closed_version} ended it, {words.day(tracked.closed_on)}"


def _why(code: str) -> str:
    return code.replace("_", " ")


def _minute(told: Told, at: datetime) -> str:
    return words.minute(at, told.workflow.zone)


def _reminders(told: Told) -> Iterator[Row]:
    for version, sent in past.reminders(told):
        said = past.reminder_words(sent)
        yield Row(version=version, when=_minute(told, sent.sent_at), said=said)


def _corrections(told: Told) -> Iterator[Row]:
    for entry in told.picture.entries:
        change = past.correction(entry)
        if change is not None:
            said = past.correction_words(change)
            yield Row(version=entry.version, when=_minute(told, entry.recorded_at), said=said)


def _evidence(told: Told, evidence: dict[str, list[dict[str, Any]]]) -> Iterator[Record]:
    for item, records in evidence.items():
        known = told.workflow.items.get(item)
        for record in records:
            said = [f"{name} {_value(value)}" for name, value in record["values"].items()]
            yield Record(
                item=item,
                title=known.title if known else item,
                on=words.day(datetime.fromisoformat(record["on"]).date()),
                version=record["version"],
                said=", ".join([*said, *(["file on record"] if record["file"] else [])]),
            )


def _chapter(told: Told, entry: Entry) -> Chapter:
    zone, missing = told.workflow.zone, "redacted" if told.phi else "sealed"
    return Chapter(
        version=entry.version,
        title=timeline.title(entry),
        when=timeline.happened(entry, zone),
        details=tuple(timeline.details(entry, told.workflow, missing)),
        digest=entry.digest,
    )
