"""Every rule that a well-shaped workflow must also keep, one small function each."""

import re
from collections.abc import Callable

from casetrack.catalog import (
    clock_rules,
    counting_rules,
    field_rules,
    flow_rules,
    guard_rules,
    trigger_rules,
)
from casetrack.catalog.problems import Problem, Problems, dotted, unknown
from casetrack.domain.workflow import Workflow

WORKFLOW_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z0-9_+-]*){1,2}")

Rule = Callable[[Workflow], Problems]


def names_are_names(workflow: Workflow) -> Problems:
    for table in ("states", "stages", "fields", "items", "triggers", "clocks", "contacts"):
        for name in getattr(workflow, table):
            if not NAME.fullmatch(name):
                says = "the name must be up to 40 of a-z, 0-9 and _, a letter first"
                yield Problem(dotted(table, name), says)


def id_is_an_id(workflow: Workflow) -> Problems:
    if not WORKFLOW_ID.fullmatch(workflow.id):
        yield Problem("id", "must be up to 40 of a-z, 0-9 and -, a letter first")


def zone_is_known(workflow: Workflow) -> Problems:
    from zoneinfo import ZoneInfo, available_timezones

    try:
        if ZONE.fullmatch(workflow.zone):
            ZoneInfo(workflow.zone)
            return
    except (ValueError, OSError, KeyError):
        pass
    known = filter(ZONE.fullmatch, available_timezones())
    yield from unknown("zone", "time zone", workflow.zone, known)


PARTS: tuple[Rule, ...] = (
    id_is_an_id,
    names_are_names,
    zone_is_known,
    *flow_rules.RULES,
    *field_rules.RULES,
    *trigger_rules.RULES,
    *guard_rules.RULES,
    *clock_rules.RULES,
    *counting_rules.RULES,
)
WHOLE: tuple[Rule, ...] = (*flow_rules.WHOLE, *clock_rules.WHOLE)
