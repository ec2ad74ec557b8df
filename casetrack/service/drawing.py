"""A workflow, or a case in it, as the text of a diagram."""

from casetrack.domain.bitemporal import Point
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused
from casetrack.reports import chart, chart_svg, chart_text
from casetrack.reports.past import Told
from casetrack.service import history
from casetrack.service.tracker import Tracker

FORMS = {"svg": chart_svg.render, "mermaid": chart_text.mermaid, "dot": chart_text.dot}


def drawn(workflow: Workflow, form: str, told: Told | None = None) -> str:
    return FORMS[form](chart.chart(workflow, told))


def of_case(tracker: Tracker, reference: str, id: str, form: str) -> str:
    """By the definition that the case has pinned; refused where that is another workflow's."""
    case = tracker.case(tracker.resolve(reference))
    if case.workflow != id:
        raise Refused(f"that case is in the workflow {case.workflow}, not in {id}")
    told = history.make(tracker, case, Point(), phi=False)
    return drawn(told.workflow, form, told)
