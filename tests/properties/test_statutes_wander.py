"""However a case wanders through a statutory workflow, somebody's day is always watched."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import pytest

from casetrack.domain.case import Case
from casetrack.errors import Refused
from tests.regimes import Matter

LONG_AFTER = timedelta(days=400)


def wander(id: str, seed: int) -> Iterator[tuple[str, Case]]:
    """Each trigger that the workflow allowed, with the case after it, until it is final."""
    chance, matter, day = Random(seed), Matter(id), date(2024, 1, 5)
    for step in range(30):
        here = matter.tracker.case(matter.id).state
        triggers = {t for t, origin, _ in matter.workflow.arcs() if origin == here} - {"close"}
        if not triggers:
            return
        trigger = chance.choice(sorted(triggers))
        day += timedelta(days=chance.choice([0, 1, 3, 8, 40]))
        try:
            matter.fire(trigger, f"{day}T{8 + step // 3:02}:{step % 3}0", **said(matter, trigger))
        except Refused:
            continue
        yield trigger, matter.tracker.case(matter.id)


def said(matter: Matter, trigger: str) -> dict[str, str]:
    """What the trigger requires; the days are those of the case's newest move or later."""
    moves = matter.tracker.case(matter.id).moves
    known = {
        "notice_on": str(moves[-1].on) if moves else "",
        "valid_through": str(moves[-1].on + LONG_AFTER) if moves else "",
        "condition": "long_term",
        "expedite_reason": "deterioration",
    }
    return {name: known[name] for name in matter.workflow.triggers[trigger].required}


def watched(case: Case) -> bool:
    return any(case.state in t.deadline.alive_in or t.unproven for t in case.open_deadlines())


@pytest.mark.parametrize("id", ["ma-part-b-drug", "il-commercial"])
def test_no_step_leaves_an_open_case_without_a_day_of_anybody(id: str) -> None:
    seen, silent = set[str](), set[tuple[str, str]]()
    for seed in range(250):
        for trigger, case in wander(id, seed):
            seen.add(case.state)
            final = case.state in {"completed", "final_denial"}
            if not final and not watched(case):
                silent.add((trigger, case.state))
    assert silent == set()
    assert len(seen) >= 16
