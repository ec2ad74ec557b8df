"""What changed in a case between two points, each an instant in one time or in both."""

from collections.abc import Sequence

from casetrack.errors import Refused, Unparsable
from casetrack.reports.past import Told
from casetrack.service import history
from casetrack.service.history import Instants
from casetrack.service.tracker import Tracker

_FORMS = "INSTANT, as-of:INSTANT or known-at:INSTANT"


def sides(first: str, second: str, given: Instants) -> tuple[Instants, Instants]:
    """Both points; what a side leaves open is as the options give it for both."""
    return _side(first, given), _side(second, given)


def _side(text: str, given: Instants) -> Instants:
    """A bare instant is one in both times: what was true by then, as known by then."""
    axis, colon, instant = text.partition(":")
    if colon and axis == "as-of":
        side = Instants(as_of=instant, known_at=given.known_at)
        twice = given.as_of is not None
    elif colon and axis == "known-at":
        side = Instants(as_of=given.as_of, known_at=instant)
        twice = given.known_at is not None
    else:
        side = Instants(as_of=text, known_at=text)
        twice = given != Instants()
    if twice:
        raise Refused(f"--diff gives an instant that an option gives too; write a side as {_FORMS}")
    return side


def compared(
    tracker: Tracker, case_ids: Sequence[str], asked: tuple[Instants, Instants], *, phi: bool
) -> list[tuple[Told, Told]]:
    """Each case at both points, in their order; a refusal if none was open by the second."""
    found = [_both(tracker, case_id, asked, phi=phi) for case_id in case_ids]
    open_by_then = [pair for pair in found if any(told.case.version for told in pair)]
    if not open_by_then:
        history.refuse_too_early(tracker, case_ids[0])
    return open_by_then


def _both(
    tracker: Tracker, case_id: str, asked: tuple[Instants, Instants], *, phi: bool
) -> tuple[Told, Told]:
    case = tracker.case(case_id)
    workflow = tracker.workflow_of(case)
    try:
        points = [history.point_of(tracker, workflow, one) for one in asked]
    except Unparsable as error:
        raise Unparsable(f"--diff: {error.message}; a side is {_FORMS}") from None
    first, second = (history.make(tracker, case, point, phi=phi) for point in points)
    return first, second
