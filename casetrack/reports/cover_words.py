"""What a cover sheet says in words, the same in every form of it."""

from collections.abc import Iterator

from msgspec import Struct

from casetrack.domain.docket import Item as Line
from casetrack.domain.requirements import Finding
from casetrack.reports import words
from casetrack.reports.cover import SEALED, UNMET, Cover
from casetrack.reports.cover_parts import File, Paper, Point, Refusal, Requirement


class Lack(Struct, frozen=True, kw_only=True):
    """What is missing, or only warned of: how it stands, its name, and all that is said of it."""

    status: str
    name: str
    said: str
    blocking: bool


def title(cover: Cover) -> str:
    return f"{cover.workflow.triggers[cover.step].title} ({cover.step})"


def health(cover: Cover) -> str:
    """As of when, on what ledger, in what state, and whether the step can be taken."""
    zone = cover.workflow.zone
    parts = (
        "PRACTICE LEDGER" if cover.practice else "",
        f"as of {words.minute(cover.now, zone)}",
        f"{cover.workflow.states[cover.state].title} ({cover.state})",
        "ready" if cover.ready else "NOT READY",
        "" if cover.possible else f"{cover.step} is not possible in this state",
    )
    return "; ".join(filter(None, parts))


def under(cover: Cover) -> str:
    return f"{cover.workflow.title}; {cover.workflow.id}, edition {cover.workflow.edition}"


def lacks(cover: Cover) -> list[Lack]:
    """What holds the step up, then reasons that nothing answers, then what only warns."""
    found = [*_lacking(cover), *_unsaid(cover)]
    found += [_unanswered(*pair) for pair in cover.unanswered]
    order = {"unanswered": 1, "warning": 2}
    return sorted(found, key=lambda lack: order.get(lack.status, 0))


def _lacking(cover: Cover) -> Iterator[Lack]:
    for one in cover.asked:
        if one.status in UNMET | {"warning"}:
            gone = stale(one) if isinstance(one, Requirement) else ""
            said = "; ".join(filter(None, (f"{one.title}: {one.detail}", gone)))
            yield Lack(
                status=one.status, name=one.item, said=f"{said} [{one.source}]",
                blocking=one.blocking and one.status in UNMET,
            )  # fmt: skip


def _unsaid(cover: Cover) -> Iterator[Lack]:
    """Of a filing that contests reasons, those fields of which none was recorded."""
    said = {point.field for refusal in cover.refusals for point in refusal.points}
    for name in cover.workflow.triggers[cover.step].contests or ():
        if name not in said:
            title = cover.workflow.fields[name].title
            said_of_it = f"{title}: none recorded"
            yield Lack(status="unanswered", name=name, said=said_of_it, blocking=False)


def _unanswered(refusal: Refusal, point: Point) -> Lack:
    return Lack(
        status="unanswered",
        name=point.code,
        said=f"{point.field}, version {refusal.version}: {answers(point)}",
        blocking=False,
    )


def answers(point: Point) -> str:
    """What is on file against a reason, and what could be."""
    parts = [f"answered by {', '.join(point.answers)}"] if point.answers else []
    if point.failing:
        parts.append(f"on file and failing: {', '.join(point.failing)}")
    if point.missing:
        parts.append(f"not on file: {', '.join(point.missing)}")
    return "; ".join(parts) or "no requirement of the workflow answers it"


def former(cover: Cover) -> list[tuple[str, str]]:
    """What is on file of rules that the case has left, a line for each piece."""
    zone = cover.workflow.zone
    return [
        (one.item, f"dated {words.day(p.on)}, {paper(p, zone, several=len(one.papers) > 1)}")
        for one in cover.former
        for p in one.papers
    ]


def stale(one: Requirement) -> str:
    return f"stale since {words.day(one.stale_since)}" if one.stale_since else ""


def standing(one: Requirement) -> str:
    """How a requirement stands, and how long what is on file for it is fresh."""
    if one.status == "stale":
        return stale(one) or one.detail
    fresh = f"fresh through {words.day(one.fresh_through)}" if one.fresh_through else ""
    return "; ".join(filter(None, (one.status.replace("_", " "), stale(one) or fresh)))


def ruled(rule: Finding) -> str:
    return f"{rule.title}: {rule.status}"


def paper(one: Paper, zone: str, *, several: bool) -> str:
    """A piece of evidence: which it is, its values, and its file."""
    parts = [f"version {one.version}" + (" (counts)" if one.counts and several else "")]
    parts += values(one.values, zone)
    if one.file is not None:
        parts.append(file(one.file))
    return ", ".join(parts)


def values(given: dict[str, object], zone: str) -> list[str]:
    return [f"{name} {plain(value, zone)}" for name, value in given.items()]


def plain(value: object, zone: str) -> str:
    if value is None:
        return SEALED
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return words.local(text, zone)


def file(one: File) -> str:
    """Name, size and digest; sealed, only that there is one."""
    if one.name is one.size is one.sha256 is None:
        return "file on record"
    return f"file {one.name}, {one.size} bytes, sha256 {one.sha256}"


def refused(one: Refusal) -> str:
    named = one.trigger is not None and one.trigger != one.title
    what = f"{one.title} ({one.trigger})" if named else one.title
    return f"{what}, version {one.version}"


def due(line: Line) -> str:
    """A deadline's days and where they stand, the day to act by left out."""
    law = words.law(line)
    parts = (
        f"{line.title} ({line.deadline})",
        {"overdue": "OVERDUE", "act_now": "act now"}.get(line.status, ""),
        f"{words.last_label(line)} {words.last_moment(line)}",
        f"letter says {words.day(line.stated_due_on)}" if line.stated_due_on else "",
        f"law {law}" if law else "",
        line.finding or "",
        "tolled" if line.status == "tolled" else "",
        "unproven: filed, no proof of receipt" if line.unproven else "",
    )
    said = "; ".join(filter(None, parts))
    return f"{said} [{words.recalled(line.source, line.evidence)}]"


def to(cover: Cover) -> list[tuple[str, str]]:
    """To whom, and how: the contacts of the workflow, and what it says of the step."""
    rows = [(c.name, f"{c.how} [{c.source}]") for c in cover.contacts]
    hint = cover.workflow.triggers[cover.step].hint
    return [*rows, *([(cover.step, hint)] if hint else [])]
