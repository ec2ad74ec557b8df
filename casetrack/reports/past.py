"""A case as it stood at a point in two times: state, values, deadlines, reminders, corrections."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from casetrack.domain import dates
from casetrack.domain import events as e
from casetrack.domain.bitemporal import Picture
from casetrack.domain.calendar import Calendar
from casetrack.domain.case import Case, Tracked
from casetrack.domain.plans import clock_of
from casetrack.domain.workflow import Workflow
from casetrack.reports import words
from casetrack.reports.casefile import Data, show_data, show_lines, typed_title
from casetrack.reports.lines import labelled, row
from casetrack.reports.sinks import terminal


class Chain(Struct, frozen=True, kw_only=True):
    """What the hash chain of all the case's entries says; ``head`` is the newest digest."""

    entries: int
    head: str
    problems: tuple[str, ...]

    @property
    def words(self) -> str:
        if self.problems:
            return f"BROKEN: {'; '.join(self.problems)}"
        number = "1 entry" if self.entries == 1 else f"{self.entries} entries"
        return f"{number}, self-consistent"


class Told(Struct, frozen=True, kw_only=True):
    """What is told of one case. ``name`` is its reference now; ``at`` is what days count from.

    ``phi``: typed values are shown. ``links``: the cases before and after it.
    """

    name: str
    picture: Picture
    workflow: Workflow
    calendar: Calendar
    at: datetime
    chain: Chain
    practice: bool
    phi: bool
    links: Data = {}

    @property
    def case(self) -> Case:
        return self.picture.case


def past_data(told: Told) -> Data:
    """The case as in ``show``, with what made it so; ``at`` is when its days were counted."""
    case, point = told.case, told.picture.point
    return {
        **show_data(case, told.workflow, told.calendar, told.at, phi=told.phi),
        **told.links,
        "case": told.name,
        "as_of": _instant(point.true_by),
        "known_at": _instant(point.known_by),
        "at": dates.instant_text(told.at),
        "moves": list(_moves(told)),
        "deadlines": deadlines_data(told),
        "reminders": list(_reminders(told)),
        "corrections": list(_corrections(told)),
        "chain": {
            "entries": told.chain.entries, "head": told.chain.head,
            "ok": not told.chain.problems, "problems": list(told.chain.problems),
        },
    }  # fmt: skip


def _instant(at: datetime | None) -> str | None:
    return None if at is None else dates.instant_text(at)


def _moves(told: Told) -> Iterator[Data]:
    for move in told.case.moves:
        at = _instant(move.at)
        yield {"version": move.version, "trigger": move.trigger, "from": move.origin,
               "to": move.to, "on": move.on.isoformat(), "at": at}  # fmt: skip


def deadlines_data(told: Told) -> list[Data]:
    """As in ``show``, with the entries that armed, dated and closed each one."""
    shown = show_data(told.case, told.workflow, told.calendar, told.at, phi=told.phi)["deadlines"]
    lines = shown if isinstance(shown, list) else []
    return [{**line, **_life(told, told.case.deadlines[line["deadline"]])} for line in lines]


def _life(told: Told, tracked: Tracked) -> Data:
    name = tracked.deadline.deadline
    return {
        "armed_by": tracked.armed_version,
        "dated_by": max((v for v, _ in redated(told, name)), default=tracked.armed_version),
        "presumes": list(told.picture.presumes.get(name, ())),
        "closed_by": tracked.closed_version,
        "closed_on": tracked.closed_on and tracked.closed_on.isoformat(),
        "late": tracked.late if tracked.outcome else None,
        "tolled_on": tracked.tolled_on and tracked.tolled_on.isoformat(),
        "sent": list(tracked.sent),
    }


def title_of(told: Told, tracked: Tracked) -> str:
    """The clock's title; of a deadline of our own the one it was given, if it may be shown."""
    name = tracked.deadline.deadline
    typed = typed_title(told.case, name) if told.phi else None
    return typed or clock_of(told.workflow, tracked.deadline.clock).title


def redated(told: Told, name: str) -> Iterator[tuple[int, e.Moved]]:
    """Each entry that gave a deadline other dates, with those."""
    for entry in told.picture.entries:
        moves = entry.data.moved if isinstance(entry.data, e.Effects) else ()
        yield from ((entry.version, move) for move in moves if move.deadline == name)


def _reminders(told: Told) -> Iterator[Data]:
    for version, sent in reminders(told):
        yield {
            "version": version, "deadline": sent.deadline, "rung": sent.rung,
            "folded": list(sent.folded), "act_by": sent.act_by.isoformat(),
            "scheduled_for": _instant(sent.scheduled_for), "sent_at": _instant(sent.sent_at),
            "channels": list(sent.channels), "may_repeat": sent.may_repeat,
        }  # fmt: skip


def reminders(told: Told) -> Iterator[tuple[int, e.ReminderSent]]:
    for entry in told.picture.entries:
        if isinstance(entry.data, e.ReminderSent):
            yield entry.version, entry.data


def _corrections(told: Told) -> Iterator[Data]:
    for entry in told.picture.entries:
        change = correction(entry)
        if change is not None:
            yield {"version": entry.version, "recorded_at": _instant(entry.recorded_at), **change}


def correction(entry: e.Entry) -> Data | None:
    """What an entry corrects, takes back or erases; never a typed value."""
    match entry.data:
        case e.EntryCorrected() as data:
            told = {"on": data.on and data.on.isoformat(), "at": _instant(data.at)}
            names = sorted({*data.fields, *corrected_names(entry)})
            return {"kind": "corrected", "of": [data.corrects], "names": names, **told}
        case e.EntryVoided(voids=version):
            return {"kind": "taken_back", "of": [version], "names": [], "on": None, "at": None}
        case e.ValueRedacted(removed=removed):
            return {
                "kind": "redacted", "of": sorted({gone.version for gone in removed}),
                "names": sorted({gone.name for gone in removed}), "on": None, "at": None,
            }  # fmt: skip
        case _:
            return None


def corrected_names(entry: e.Entry) -> set[str]:
    """The sealed values that a correction gives, its reason left out."""
    return set(entry.sealed) - {"reason"}


def past_lines(told: Told) -> list[str]:
    """The case at the point, for a person."""
    zone, data = told.workflow.zone, past_data(told)
    body = show_lines(data, dates.local_date(told.at, zone), zone)
    return [
        *(terminal(line) for line in _question(told)),
        *body,
        *_presumptions(told),
        *_reminder_lines(told),
        *_correction_lines(data),
        *labelled("chain:", terminal(told.chain.words), 0, 6),
    ]


def _question(told: Told) -> Iterator[str]:
    """What was asked for, where anything was."""
    point, zone = told.picture.point, told.workflow.zone
    asked: Mapping[str, datetime | None] = {
        "true by": point.true_by, "known by": point.known_by,
    }  # fmt: skip
    parts = [f"{what} {words.minute(at, zone)}" for what, at in asked.items() if at is not None]
    if parts:
        yield f"{told.name}, {', '.join(parts)}:"


def _presumptions(told: Told) -> Iterator[str]:
    for name, versions in told.picture.presumes.items():
        if name in told.case.deadlines:
            numbers = ", ".join(map(str, versions))
            yield from labelled(
                "note:", terminal(f"the dates of {name} rest on version {numbers} too"), 0, 6
            )


def _reminder_lines(told: Told) -> Iterator[str]:
    found = list(reminders(told))
    yield from ["reminders sent:"] if found else []
    for version, sent in found:
        cells = [(f"{version:>4}", 4), (words.minute(sent.sent_at, told.workflow.zone), 24)]
        yield from row(cells, terminal(reminder_words(sent)))


def reminder_words(sent: e.ReminderSent) -> str:
    folded = f", with {', '.join(sent.folded)}" if sent.folded else ""
    again = "; may have been sent before" if sent.may_repeat else ""
    by = ", ".join(sent.channels)
    return f"{sent.deadline} {sent.rung}{folded}, act by {words.day(sent.act_by)}, by {by}{again}"


def _correction_lines(data: Data) -> Iterator[str]:
    found = data["corrections"]
    if isinstance(found, list) and found:
        yield "corrections:"
        for change in found:
            yield from row([(f"{change['version']:>4}", 4)], terminal(correction_words(change)))


def correction_words(change: Data) -> str:
    of, names = change["of"], change["names"]
    versions = ", ".join(map(str, of)) if isinstance(of, list) else ""
    named = [*names] if isinstance(names, list) else []
    match change["kind"]:
        case "taken_back":
            return f"takes version {versions} back"
        case "redacted":
            return f"erases {', '.join(named)} of version {versions}"
        case _:
            when = [f"{n} {change[n]}" for n in ("on", "at") if change[n]]
            return f"corrects version {versions}: {', '.join([*when, *named])}"
