"""What every command that writes a case prints."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from casetrack.cli import render

if TYPE_CHECKING:
    from casetrack.catalog.coding import Warned
    from casetrack.service.tracker import Tracker, Written


def base(written: "Written") -> dict[str, object]:
    """The fields that every write has."""
    from casetrack.reports.casefile import case_name

    return {
        "case": case_name(written.case),
        "version": written.version,
        "state": written.case.state,
        "digest": written.digest,
    }


def warnings(written: "Sequence[Written]", tracker: "Tracker") -> "list[Warned]":
    """What is wrong with the codes that these entries have just recorded."""
    from casetrack.catalog.coding import of_values
    from casetrack.domain.events import EntryCorrected

    found: list[Warned] = []
    for one in written:
        version = one.case.version if one.dry_run else one.version
        if isinstance(one.data, EntryCorrected):
            version = one.data.corrects
        workflow = tracker.workflow_of(one.case)
        found += of_values(workflow, one.case.values_of(version), echo=True)
    return list(dict.fromkeys(found))


def told(found: "Sequence[Warned]") -> list[dict[str, str]]:
    """Warnings as JSON has them."""
    return [{"field": w.field, "rule": w.rule, "detail": w.detail} for w in found]


def warn(found: "Sequence[Warned]") -> None:
    for warned in found:
        render.say(f"warning: {warned}")


def show(
    name: str,
    written: "Written",
    tracker: "Tracker",
    as_json: bool,
    every: "Sequence[Written]" = (),
    /,
    **more: object,
) -> None:
    """The write as JSON, or as lines for a person; ``more`` stands in both.

    ``every``: all that was written, where that is more.
    """
    from casetrack.reports.receipts import receipt_data, receipt_lines

    workflow = tracker.workflow_of(written.case)
    said = receipt_data(written.data, workflow, written.case, written.before)
    data = {**base(written), **more, **said}
    found = warnings(every or [written], tracker)
    if as_json:
        render.data(name, {**data, "warnings": told(found)})
    else:
        render.lines(receipt_lines(data))
        warn(found)
