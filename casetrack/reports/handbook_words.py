"""What a workflow's parts say in words, each on one line."""

from collections.abc import Iterable, Mapping

from casetrack.domain.clocks import default_rungs, parse_length
from casetrack.domain.workflow import (
    DAY,
    DUE_OF,
    REQUEST,
    STAGE,
    Clock,
    Field,
    Freshness,
    Grade,
    Guard,
    GuardName,
    Item,
    Rule,
)
from casetrack.reports.words import count

HOUR_RUNGS = ("24h", "8h", "2h")  # what an hour clock's deadline gets; a test compares
_GRADES: Mapping[Grade, str] = {
    "V": "text of the law seen",
    "V2": "a secondary source quotes it",
    "R": "recalled, unverified",
}
UNITS = {
    "bd": "business day",
    "d": "calendar day",
    "w": "week",
    "mo": "calendar month",
    "h": "elapsed hour",
}
_GUARDS: Mapping[GuardName, str] = {
    "ready": "what the checklist asks for is on file, keeps its rules and is fresh",
    "rules": "the blocking rules named here hold for the values that are known",
    "in_time": "it is done by the due date of {clocks}",
    "in_order": "none of these dates is before the one named ahead of it: {fields}",
    "passed": "a running one of these is past its due date, or the law's beside it: {clocks}",
    "expedited": "an expedited request is running in this stage",
}
# What stands in an order of dates and is no field.
_ORDERED = {DAY: "on (its own day)", STAGE: "stage (the day on which the case's stage began)"}


def names(of: Iterable[str]) -> str:
    return ", ".join(of)


def required(fields: Iterable[str], must: tuple[str, ...]) -> str:
    """The fields, the required ones marked."""
    every = dict.fromkeys((*fields, *must))
    return names(f"{name} (required)" if name in must else name for name in every)


def guard(of: Guard) -> str:
    fields = (_ORDERED.get(name, name) for name in of.fields)
    looks_at = {"clocks": names(of.clocks), "fields": names(fields)}
    can = "can be overridden with a reason" if of.overridable else "can't be overridden"
    return f"{of.name}: {_GUARDS[of.name].format(**looks_at)}; {can}"


def rule(of: Rule) -> str:
    test = " ".join(filter(None, (of.field, of.test, names(of.values))))
    unless = f" unless in {of.unless}" if of.unless else ""
    return f"{of.says} ({test}{unless}; {weight(of)}) [{of.source}]"


def weight(of: Rule | Item | Freshness) -> str:
    return "blocking" if of.blocking else "warning"


def length(text: str) -> str:
    found = parse_length(text)
    return f"{text}, {count(found.n, UNITS[found.unit])}"


def counts_from(clock: Clock) -> str:
    of, due, name = clock.counts_from.partition(DUE_OF)
    if due and not of:
        return f"{clock.counts_from}, the last moment of the latest {name}"
    armed = ", the day of what arms it" if clock.counts_from == REQUEST else ""
    return clock.counts_from + armed


def either(codes: Iterable[str]) -> str:
    return " or ".join(codes)


def presumption(days: int, noticed: str) -> str:
    """What stands in for a receipt that nobody shows."""
    if not days:
        return f"counts from {noticed}"
    return f"presumed received {count(days, 'day')} after {noticed}; our own reading from {noticed}"


def ladder(clock: Clock) -> str:
    """The rungs before ``act_by`` or, in hours, before the last moment."""
    if clock.rungs:
        return f"{names(clock.rungs)} before"
    in_hours = clock.expedited_only or parse_length(clock.length or "0d").unit == "h"
    usual = HOUR_RUNGS if in_hours else default_rungs(clock)
    expedited = f"; {names(HOUR_RUNGS)} once expedited" if clock.expedited else ""
    return f"{names(usual)} before, the usual ones{expedited}"


def watched(field: str, days: int) -> str:
    return (
        f"{field}: not after the last day, and asked for from {count(days, 'business day')} before"
    )


def sourced(source: str, grade: Grade) -> str:
    return f"{source} ({grade}: {_GRADES[grade]})"


def fresh(of: Freshness) -> str:
    days = f"0 to {of.days} days old on the day of {names(of.checked_for)}"
    return f"{days}; {weight(of)} [{of.source}]"


def field(of: Field) -> str:
    marks = {"may be future": of.future, "repeats": of.many, "findable": of.findable}
    values = f"{of.type}, one of {names(of.values)}" if of.values else of.type
    kept = "clear" if of.clear else "sealed"
    system = [f"codes of {of.codes}"] if of.codes else []
    return "; ".join([values, kept, *system, *(word for word, holds in marks.items() if holds)])
