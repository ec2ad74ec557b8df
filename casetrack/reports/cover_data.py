"""The cover sheet as data, in JSON's own types."""

from typing import Any

from casetrack.domain import dates
from casetrack.reports import cover_words as said
from casetrack.reports.casefile import finding_data, item_data
from casetrack.reports.cover import Cover
from casetrack.reports.data import plain


def data(cover: Cover) -> dict[str, Any]:
    """``casetrack.packet/1`` without its schema; ``patient`` only with typed values."""
    patient = {"patient": cover.patient} if cover.phi else {}
    return {
        "case": cover.case,
        **patient,
        "for": cover.step,
        "workflow": cover.workflow.id,
        "edition": cover.workflow.edition,
        "state": cover.state,
        "as_of": dates.instant_text(cover.now),
        "practice": cover.practice,
        "possible": cover.possible,
        "ready": cover.ready,
        "missing": [plain(lack) for lack in said.lacks(cover)],
        "deadlines": [item_data(line) for line in cover.deadlines],
        "contacts": plain(cover.contacts),
        "hint": cover.workflow.triggers[cover.step].hint,
        "refusals": plain(cover.refusals),
        "requirements": plain(cover.requirements),
        "former": plain(cover.former),
        "rules": [finding_data(rule) for rule in cover.rules],
        "open_items": list(cover.open_items),
    }
