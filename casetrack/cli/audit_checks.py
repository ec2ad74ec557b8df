"""Checks that count and judge again, and change nothing: conformance and drift."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import completion, render
from casetrack.cli.options import AsJson, Cluster, Jobs
from casetrack.cli.session import Session, session
from casetrack.errors import Findings

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from casetrack.service.sharing import Shared, Tally

CaseArguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[CASE ...]",
        help="References, or starts of them; every case unless given.",
        autocompletion=completion.cases,
    ),
]


def conformance(
    ctx: typer.Context,
    cases: CaseArguments = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Whether each entry is what the case's own workflow allows and asks for.

    Exit code 3 if it finds an error or a warning; what is only told for information counts not.
    """
    from casetrack.audit.findings import COUNTED
    from casetrack.reports import audits
    from casetrack.reports.data import plain
    from casetrack.service.conformance import chosen, examined
    from casetrack.service.crew import at_work
    from casetrack.service.sharing import Tally

    s, tally = session(ctx), Tally()
    tracker = s.reading()
    with at_work(jobs, cluster) as executor:
        asked = chosen(tracker, cases or ())
        found = map(plain, examined(tracker, asked, tally, _shared(s, executor)))
        if as_json:
            known = {"practice": tracker.ledger.practice}
            render.stream("audit-conformance", "findings", found, lambda: {**known, **_told(tally)})
        else:
            render.lines(line for finding in found for line in audits.finding_lines(finding))
            render.lines([audits.conformance_total(tally.cases, tally.entries, tally.found)])
    if COUNTED & tally.found.keys():
        raise typer.Exit(Findings.exit_code)


def _told(tally: "Tally") -> Mapping[str, object]:
    counts = {kind: tally.found.get(kind, 0) for kind in ("error", "warning", "info")}
    return {"cases": tally.cases, "entries": tally.entries, "counts": counts}


def _shared(s: Session, executor: "Executor | None") -> "Shared | None":
    from casetrack.service.ranges import Place
    from casetrack.service.sharing import Shared

    if executor is None:
        return None
    folders = [folder and folder.absolute() for folder in s.folders.values()]
    return Shared(executor, Place(s.db), tuple(folders))


def drift(
    ctx: typer.Context,
    cases: CaseArguments = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Which deadlines today's definitions and calendars would date otherwise, and why.

    Changes nothing. Exit code 3 if any differs.
    """
    from casetrack.reports import audits
    from casetrack.reports.data import plain
    from casetrack.service.conformance import chosen, drifting
    from casetrack.service.crew import at_work
    from casetrack.service.sharing import Tally

    s, tally = session(ctx), Tally()
    tracker = s.reading()
    with at_work(jobs, cluster) as executor:
        asked = chosen(tracker, cases or ())
        found = map(plain, drifting(tracker, asked, tally, _shared(s, executor)))
        if as_json:
            render.stream("audit-drift", "items", found, lambda: {
                "cases": tally.cases, "deadlines": tally.deadlines,
                "differing": tally.found.get("differing", 0),
            })  # fmt: skip
        else:
            render.lines(line for one in found for line in audits.drift_lines(one))
            render.lines([audits.drift_total(tally.cases, tally.deadlines, tally.found)])
    if tally.found:
        raise typer.Exit(Findings.exit_code)
