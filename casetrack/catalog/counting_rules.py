"""What must hold of a clock's finer points: receipts, versions, cut-offs, ladders, proof."""

import re
from collections.abc import Iterator
from datetime import date

from casetrack.catalog.clock_rules import HOURS, LENGTH, RUNG, carried_by, event_names
from casetrack.catalog.problems import Problem, Problems, all_known, dotted, quoted, unknown
from casetrack.domain.workflow import DUE_OF, REQUEST, Clock, Workflow

CUT_OFF = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST = 366  # days that a receipt may be presumed after


def receipts_are_presumed_from_a_notice(workflow: Workflow) -> Problems:
    for key, clock in _clocks(workflow):
        no_receipt = _from_instant(clock) or {*_counted_from(clock)} == {clock.presumed_from}
        if clock.presumed_from is not None and no_receipt:
            says = "goes with counts_from, the field of a receipt, and is another field"
            yield Problem(f"{key}.presumed_from", says)
        for part, days in _presumptions(key, clock):
            if not 0 <= days <= LONGEST:
                yield Problem(part, f"must be 0 to {LONGEST} days")
            if days and clock.presumed_from is None:
                yield Problem(part, "needs presumed_from, the date that it counts from")


def _counted_from(clock: Clock) -> Iterator[str]:
    yield clock.counts_from
    yield from (version.counts_from for version in clock.versions if version.counts_from)


def _presumptions(key: str, clock: Clock) -> Iterator[tuple[str, int]]:
    yield f"{key}.presumed_days", clock.presumed_days
    for n, version in enumerate(clock.versions):
        if version.presumed_days is not None:
            yield f"{key}.versions[{n}].presumed_days", version.presumed_days


def hours_count_from_the_request(workflow: Workflow) -> Problems:
    for key, clock in _clocks(workflow):
        for part, length in _lengths(key, clock):
            if length.endswith("h") and any(map(_is_date, _counted_from(clock))):
                yield Problem(part, "hours count from the request: a date has no time of day")
            if length.endswith("h") and clock.roll != "none" and length != clock.length:
                yield Problem(part, "a clock that runs in hours does not roll")


def ends_are_of_other_clocks(workflow: Workflow) -> Problems:
    """What counts from the end of a deadline names its clock."""
    for name, clock in workflow.clocks.items():
        key, counted = dotted("clocks", name, "counts_from"), _of_clock(clock)
        if counted is None:
            continue
        if counted == name:
            yield Problem(key, "a clock can't count from its own end")
        yield from unknown(key, "clock", counted, workflow.clocks)
        if clock.stated is not None:
            yield Problem(key, "goes with no stated: no letter says when that ended")


def _of_clock(clock: Clock) -> str | None:
    """The clock from whose end it counts; None if it counts from something else."""
    before, due, name = clock.counts_from.partition(DUE_OF)
    return name if due and not before else None


def _from_instant(clock: Clock) -> bool:
    return not _is_date(clock.counts_from)


def _is_date(counts_from: str) -> bool:
    return counts_from != REQUEST and not counts_from.startswith(DUE_OF)


def codes_that_arm_are_given(workflow: Workflow) -> Problems:
    for key, clock in _clocks(workflow):
        for name, codes in (clock.armed_if or {}).items():
            part = dotted(f"{key}.armed_if", name)
            field = workflow.fields.get(name)
            if field is None:
                yield from unknown(part, "field", name, workflow.fields)
            elif not (field.type == "code" and field.clear):
                yield Problem(part, f"field {name!a} must be a code, and clear")
            elif clock.armed_by and name not in carried_by(clock.armed_by, workflow):
                yield Problem(part, f"no event that arms the clock carries field {name!a}")
            else:
                yield from all_known(part, "code", codes, field.values)
            if not codes:
                yield Problem(part, "must name at least one code")


def versions_follow_each_other(workflow: Workflow) -> Problems:
    for key, clock in _clocks(workflow):
        if clock.versions and clock.version_by is None:
            yield Problem(f"{key}.version_by", "is missing; versions need the date that picks one")
        if clock.version_by is not None and not clock.versions:
            yield Problem(f"{key}.version_by", "picks nothing: there are no versions")
        if clock.versions and clock.length is None:
            yield Problem(f"{key}.versions", "needs a length: what is stated has no versions")
        yield from _in_order(key, clock)


def _in_order(key: str, clock: Clock) -> Problems:
    before = ""
    for n, version in enumerate(clock.versions):
        part = f"{key}.versions[{n}].since"
        if not _is_day(version.since):
            yield Problem(part, f"{quoted(version.since)} must be a date, as 2026-11-24")
        elif version.since <= before:
            yield Problem(part, f"{version.since} must come after {before}: oldest first")
        before = version.since


def versions_are_well_formed(workflow: Workflow) -> Problems:
    for key, clock in _clocks(workflow):
        for n, version in enumerate(clock.versions):
            part = f"{key}.versions[{n}]"
            if version.length is not None and not LENGTH.fullmatch(version.length):
                says = f"{quoted(version.length)} is no length; write 14bd, 65d, 6w, 4mo or 72h"
                yield Problem(f"{part}.length", says)
            law = version.law
            if law and law.length is not None and not LENGTH.fullmatch(law.length):
                says = f"{quoted(law.length)} is no length; write 14bd, 65d, 6w, 4mo or 72h"
                yield Problem(f"{part}.law.length", says)
            beside = law.expedited if law else None
            for name, text in (("expedited", version.expedited), ("law.expedited", beside)):
                yield from _expedited(f"{part}.{name}", text, clock)


def _expedited(key: str, text: str | None, clock: Clock) -> Problems:
    if text is not None and not HOURS.fullmatch(text):
        yield Problem(key, f"{quoted(text)} must be a number of hours, as 72h")
    if text is not None and clock.owner == "provider":
        yield Problem(key, "only a payer's or a reviewer's clock can be expedited")


def cut_offs_are_times(workflow: Workflow) -> Problems:
    for key, clock in _clocks(workflow):
        if clock.cut_off is not None and not CUT_OFF.fullmatch(clock.cut_off):
            says = f"{quoted(clock.cut_off)} is no time of day; write 16:59"
            yield Problem(f"{key}.cut_off", says)
        if clock.cut_off is not None and any(
            text.endswith("h") for _, text in _lengths(key, clock)
        ):
            yield Problem(f"{key}.cut_off", "a clock that runs in hours has no cut-off")
        if clock.sent_field is not None:
            yield from _sent_field(f"{key}.sent_field", clock.sent_field, clock, workflow)


def _sent_field(key: str, name: str, clock: Clock, workflow: Workflow) -> Problems:
    if clock.cut_off is None:
        yield Problem(key, "is judged against cut_off, which is not given")
    yield from _carried(key, name, clock, workflow)
    field = workflow.fields.get(name)
    if field and not (field.type == "instant" and field.clear):
        yield Problem(key, f"field {name!a} must be an instant, and clear")


def _carried(key: str, name: str, clock: Clock, workflow: Workflow) -> Problems:
    if name not in workflow.fields:
        yield from unknown(key, "field", name, workflow.fields)
    elif clock.ended_by and name not in carried_by(clock.ended_by, workflow):
        yield Problem(key, f"no event that ends the clock carries field {name!a}")


def ladders_fit_their_clock(workflow: Workflow) -> Problems:
    """No rung reaches back beyond the start, where both are told in one unit."""
    for key, clock in _clocks(workflow):
        for part, length in _lengths(key, clock):
            found = LENGTH.fullmatch(length)
            for rung in clock.rungs:
                n, unit = _parts(rung)
                if found and unit == found[1] and n > int(length.removesuffix(unit)):
                    says = f"{quoted(rung)} is longer than the clock itself ({part}: {length})"
                    yield Problem(f"{key}.rungs", says)


def _parts(rung: str) -> tuple[int, str]:
    found = RUNG.fullmatch(rung)
    return (int(found[1]), found[2]) if found else (0, "")


def opening_clocks_end_nothing(workflow: Workflow) -> Problems:
    for key, clock in _clocks(workflow):
        if not clock.opens:
            continue
        if not clock.ended_by:
            yield Problem(f"{key}.ended_by", "must name what uses the right that opens")
        if clock.kind != "planned":
            yield Problem(f"{key}.kind", "must be planned: a right that opens is never overdue")
        if clock.cut_off is not None or clock.proof_field is not None:
            yield Problem(
                f"{key}.opens", "goes with no cut_off and no proof_field: nothing is late"
            )
        if clock.law is not None and clock.law.length is not None:
            yield Problem(f"{key}.law.length", "a right that opens is not made to open earlier")
    yield from _none_too_late(workflow)


def _none_too_late(workflow: Workflow) -> Problems:
    for name, trigger in workflow.triggers.items():
        for n, guard in enumerate(trigger.guards):
            for clock in guard.clocks:
                opens = clock in workflow.clocks and workflow.clocks[clock].opens
                if guard.name == "in_time" and opens:
                    key = f"{dotted('triggers', name, 'guards')}[{n}].clocks"
                    yield Problem(key, f"{clock!a} opens a right: nothing is too late for it")


def filings_are_proven(workflow: Workflow) -> Problems:
    for key, clock in _clocks(workflow):
        if (clock.proof_field is None) != (clock.proof_item is None):
            missing = "proof_item" if clock.proof_item is None else "proof_field"
            yield Problem(f"{key}.{missing}", "is missing; proof_field and proof_item go together")
        if clock.proof_field is not None:
            yield from _carried(f"{key}.proof_field", clock.proof_field, clock, workflow)
        if clock.proof_item is not None:
            yield from unknown(f"{key}.proof_item", "item", clock.proof_item, workflow.items)
        if clock.proven_by and clock.proof_field is None:
            yield Problem(f"{key}.proven_by", "goes with proof_field: nothing else is unproven")
        yield from all_known(f"{key}.proven_by", "event", clock.proven_by, event_names(workflow))
        for event in clock.proven_by:
            if event in clock.ended_by:
                yield Problem(f"{key}.proven_by", f"{event!a} ends the clock already")


def _clocks(workflow: Workflow) -> Iterator[tuple[str, Clock]]:
    return ((dotted("clocks", name), clock) for name, clock in workflow.clocks.items())


def _lengths(key: str, clock: Clock) -> Iterator[tuple[str, str]]:
    """Each length that the clock has had."""
    if clock.length is not None:
        yield f"{key}.length", clock.length
    for n, version in enumerate(clock.versions):
        if version.length is not None:
            yield f"{key}.versions[{n}].length", version.length


def _is_day(text: str) -> bool:
    try:
        return bool(ISO_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def expedited_alone_can_start(workflow: Workflow) -> Problems:
    """Without a length a clock starts in an expedited stage, so by a move that stays within one."""
    within = {
        trigger
        for trigger, origin, to in workflow.arcs()
        if workflow.stage_of(origin) == workflow.stage_of(to) is not None
    }
    for key, clock in _clocks(workflow):
        if not clock.expedited_only or clock.expedited is None:
            continue
        if within.isdisjoint(clock.armed_by):
            says = "needs a length, or until with the field that is its last day"
            yield Problem(key, f"{says}: no trigger of armed_by stays within an expedited stage")
        if not _from_instant(clock):
            says = "hours count from the request: a date has no time of day"
            yield Problem(f"{key}.expedited", says)
        if clock.law is not None and clock.law.length is not None:
            yield Problem(f"{key}.law.length", "goes with a length: nothing runs unless expedited")


RULES = (
    receipts_are_presumed_from_a_notice,
    hours_count_from_the_request,
    ends_are_of_other_clocks,
    codes_that_arm_are_given,
    expedited_alone_can_start,
    versions_follow_each_other,
    versions_are_well_formed,
    cut_offs_are_times,
    ladders_fit_their_clock,
    opening_clocks_end_nothing,
    filings_are_proven,
)
