"""What happened in a case, as true at one instant and as known at another."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from casetrack.audit.diagnosis import alone
from casetrack.domain import bitemporal, dates
from casetrack.domain.bitemporal import Picture, Point
from casetrack.domain.case import Case
from casetrack.domain.workflow import Workflow
from casetrack.errors import CasetrackError, Refused, Unparsable
from casetrack.ledger.store import Query
from casetrack.reports.casefile import Data, case_name
from casetrack.reports.past import Chain, Told
from casetrack.service.following import links
from casetrack.service.tracker import Tracker

_DAY = re.compile(r"today|[0-9]{4}-[0-9]{2}-[0-9]{2}|[+-][0-9]{1,4}(bd|d)", re.ASCII)


class Instants(Struct, frozen=True, kw_only=True):
    """The instants asked for, as typed."""

    as_of: str | None = None
    known_at: str | None = None


def cases_of(tracker: Tracker, reference: str | None, patient: str | None) -> tuple[str, ...]:
    """The case named, or every case of a patient, oldest id first."""
    if reference is not None:
        return (tracker.resolve(reference),)
    rows = tracker.ledger.list_cases(Query(patient=patient))
    return tuple(sorted(row.case_id for row, _ in rows))


def point_of(tracker: Tracker, workflow: Workflow, asked: Instants) -> Point:
    """The point that was asked for; what lies ahead is refused, all of today is not."""
    return Point(
        true_by=_limit(tracker, workflow, "--as-of", asked.as_of),
        known_by=_limit(tracker, workflow, "--known-at", asked.known_at),
    )


def _limit(tracker: Tracker, workflow: Workflow, option: str, text: str | None) -> datetime | None:
    """An instant; a bare date means the end of that day in the workflow's zone."""
    if text is None:
        return None
    try:
        return _read(tracker, workflow, text)
    except CasetrackError as error:
        raise type(error)(f"{option}: {error.message}") from None


def _read(tracker: Tracker, workflow: Workflow, text: str) -> datetime:
    if _DAY.fullmatch(text):
        reader = tracker.desk.reader(workflow)
        day = dates.parse_date(text, reader.today, reader.business)
        if day > reader.today:
            raise Refused(f"{day} is in the future; today is {reader.today} in {workflow.zone}")
        return dates.end_of_day(day, workflow.zone).replace(microsecond=999_999)
    try:
        instant = dates.parse_instant(text, workflow.zone)
    except Unparsable as error:
        raise Unparsable(f"{error.message}, or a date: {dates.DATE_FORMS}") from None
    if instant > tracker.now:
        now = dates.local_text(tracker.now, workflow.zone)
        raise Refused(f"that instant is in the future; it is {now} now")
    return instant


def told(tracker: Tracker, case_ids: Sequence[str], asked: Instants, *, phi: bool) -> list[Told]:
    """Each case that was open, and known, by then; a refusal if none was."""
    found = [_told(tracker, case_id, asked, phi=phi) for case_id in case_ids]
    open_by_then = [one for one in found if one.case.version]
    if not open_by_then:
        refuse_too_early(tracker, case_ids[0])
    return open_by_then


def refuse_too_early(tracker: Tracker, case_id: str) -> NoReturn:
    entries = tracker.ledger.entries(case_id)
    case = tracker.case(case_id)
    known = dates.local_text(entries[0].recorded_at, tracker.workflow_of(case).zone)
    raise Refused(
        f"nothing of {case_name(case)} was there by then: it was opened on {case.opened_on}, "
        f"and first recorded {known}"
    )


def _told(tracker: Tracker, case_id: str, asked: Instants, *, phi: bool) -> Told:
    case = tracker.case(case_id)
    workflow = tracker.workflow_of(case)
    point = point_of(tracker, workflow, asked)
    return make(tracker, case, point, phi=phi)


def make(tracker: Tracker, case: Case, point: Point, *, phi: bool) -> Told:
    """What is told of a case at a point; without ``phi`` its entries disclose nothing."""
    workflow = tracker.workflow_of(case)
    entries = tracker.ledger.entries(case.id)
    picture = bitemporal.picture(case.id, entries, point, workflow.zone)
    if picture.case.version:
        workflow = tracker.workflow_of(picture.case)  # what it followed then
    return Told(
        name=case_name(case),
        picture=picture if phi else _sealed(picture),
        workflow=workflow,
        calendar=tracker.desk.open_days(workflow),
        at=_reckoned_at(tracker, point),
        chain=_chain(tracker, case.id),
        practice=tracker.ledger.practice,
        phi=phi,
        links=_links(tracker, picture),
    )


def _links(tracker: Tracker, picture: Picture) -> Data:
    """The cases before and after it, as far as they were known by then."""
    found, by = links(tracker, picture.case), picture.point.known_by
    after = [
        one
        for one in found["followed_by"]
        if by is None or tracker.ledger.entries(one["id"])[0].recorded_at <= by
    ]
    return {**found, "followed_by": after}


def _sealed(picture: Picture) -> Picture:
    return replace(picture, entries=tuple(replace(x, disclosed={}) for x in picture.entries))


def _reckoned_at(tracker: Tracker, point: Point) -> datetime:
    """What was true by an instant is reckoned at it, else what was known; never ahead of now.

    The last microsecond of a day is past no deadline that ends with the day.
    """
    asked = point.true_by or point.known_by
    return tracker.now if asked is None else min(asked.replace(microsecond=0), tracker.now)


def _chain(tracker: Tracker, case_id: str) -> Chain:
    stored = tracker.ledger.stored(case_id)
    texts = [(body.encode(), bytes.fromhex(digest)) for body, digest in stored]
    return Chain(
        entries=len(stored),
        head=stored[-1][1] if stored else "",
        problems=tuple(
            f"version {version}: {detail}"
            for version, _, detail in alone(case_id, tracker.ledger.id, texts)
        ),
    )
