"""What every command that writes a case prints."""

from typing import TYPE_CHECKING

from casetrack.cli import render

if TYPE_CHECKING:
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


def show(name: str, written: "Written", tracker: "Tracker", as_json: bool, **more: object) -> None:
    """The write as JSON, or as lines for a person; ``more`` stands in both."""
    from casetrack.reports.receipts import receipt_data, receipt_lines

    workflow = tracker.workflow_of(written.case)
    said = receipt_data(written.data, workflow, written.case, written.before)
    data = {**base(written), **more, **said}
    if as_json:
        render.data(name, data)
    else:
        render.lines(receipt_lines(data))
