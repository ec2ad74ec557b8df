"""What a sweep and a daily run have to say, as lines for people and as data for scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from casetrack.domain import dates
from casetrack.domain.docket import tally
from casetrack.reports import foot as footing
from casetrack.reports import text
from casetrack.reports.data import plain
from casetrack.reports.lines import Line, Tone
from casetrack.reports.sinks import terminal
from casetrack.reports.words import count, day, health
from casetrack.service.outcomes import Failed, Ran, Sealing, Sent, Swept

SCREEN = 30  # lines of the report that are shown with a daily run
_SHOWN = 10  # missed days that are named one by one


def heading(swept: Swept) -> Iterator[Line]:
    """What has to be known before all else; mostly nothing."""
    if swept.differing:
        cases = count(len(swept.differing), "case")
        said = f"VIEWS DIFFERED from the ledger and were made again: {cases}"
        yield Line(terminal(f"{said}; find out who changed the database by hand"), "bad")
    if swept.missed_days:
        named = ", ".join(day(on) for on in swept.missed_days[:_SHOWN])
        more = " ..." if len(swept.missed_days) > _SHOWN else ""
        missed = count(len(swept.missed_days), "day")
        yield Line(terminal(f"NO RUN on {missed}: {named}{more}"), "bad")
    for shift in swept.moved:
        what = f"{shift.case} {shift.deadline}: act by {day(shift.act_by)}"
        yield Line(terminal(f"A CALENDAR CHANGED: {what}, was {day(shift.before)}"), "warn")


def summary(swept: Swept) -> Iterator[Line]:
    """How it went; never empty."""
    for failed in swept.failed:
        yield Line(terminal(_failure(failed)), "bad")
    practice = "PRACTICE LEDGER; " if swept.practice else ""
    held = f", {swept.held} in another sweep's hands" if swept.held else ""
    failures = f", {len(swept.failed)} FAILED and still due" if swept.failed else ""
    sent = count(len(swept.sent), "reminder") if swept.sent else "no reminder"
    folded = f" ({swept.folded} passed ones folded into them)" if swept.folded else ""
    again = sum(one.may_repeat for one in swept.sent)
    repeats = f", {again} after a run that failed or was killed" if again else ""
    tone: Tone = "bad" if swept.failed else "good"
    yield Line(terminal(f"{practice}{sent} sent{folded}{repeats}{failures}{held}"), tone)


def _failure(failed: Failed) -> str:
    what = " ".join(filter(None, (failed.case, failed.deadline, failed.rung)))
    by = f" by {failed.channel}" if failed.channel else ""
    return f"FAILED{by}: {what}: {failed.why}" if what else f"FAILED: {failed.why}"


def data(swept: Swept) -> dict[str, Any]:
    """``casetrack.sweep/1``, without its schema."""
    return {
        "as_of": dates.instant_text(swept.as_of),
        "practice": swept.practice,
        "sent": [_sent(one) for one in swept.sent],
        "folded": swept.folded,
        "failed": [_failed(one) for one in swept.failed],
        "missed_days": [on.isoformat() for on in swept.missed_days],
        "held": swept.held,
        "differing": list(swept.differing),
        "moved": [plain(shift) for shift in swept.moved],
    }


def _sent(sent: Sent) -> dict[str, Any]:
    return {
        "case": sent.case,
        "deadline": sent.deadline,
        "rung": sent.rung,
        "folded": list(sent.folded),
        "scheduled_for": dates.instant_text(sent.scheduled_for),
        "sent_at": dates.instant_text(sent.sent_at),
        "may_repeat": sent.may_repeat,
        "reminder": sent.reminder,
        "channels": list(sent.channels),
    }


def _failed(failed: Failed) -> dict[str, Any]:
    at = failed.scheduled_for
    return {
        "case": failed.case,
        "deadline": failed.deadline,
        "rung": failed.rung,
        "scheduled_for": None if at is None else dates.instant_text(at),
        "channel": failed.channel,
        "why": failed.why,
    }


def bulletin(ran: Ran) -> tuple[str, str]:
    """A daily run in a subject and a few lines, with numbers and days but without cases."""
    numbers = tally(ran.docket.items)
    counts = ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in numbers.items() if n)
    body = [*outcome(ran), Line(counts or "nothing is due in the window"), *_foot(ran)]
    return health(ran.docket), "\n".join(line.text for line in body)


def outcome(ran: Ran) -> Iterator[Line]:
    """How the run went; never empty."""
    if ran.refused is not None:
        yield Line(terminal(f"NO REMINDER WAS SENT: {ran.refused.message}"), "bad")
    if ran.swept is not None:
        yield from summary(ran.swept)
    for problem in ran.problems:
        yield Line(terminal(f"FAILED: {problem}"), "bad")
    yield from _sealing(ran.sealing)


def _sealing(sealing: Sealing) -> Iterator[Line]:
    """Mostly nothing: what was sealed stands at the foot."""
    waiting = f"{count(sealing.unsealed, 'entry', 'entries')} unsealed"
    if sealing.keyless:
        yield Line(f"{waiting}: no signing key; run 'casetrack audit key new'", "warn")
    elif sealing.refused is not None:
        yield Line(terminal(f"NOT SEALED, {waiting}: {sealing.refused.message}"), "bad")


def _foot(ran: Ran) -> Iterator[Line]:
    if ran.foot is not None:
        yield from footing.lines(ran.foot)


def screen(ran: Ran) -> Iterator[Line]:
    """After the reminders themselves: how it went, and the head of the report."""
    yield from outcome(ran)
    if ran.reports:
        yield Line(terminal(f"reports written to {Path(ran.reports[0]).parent}"), "dim")
    yield Line("")
    report = text.render(ran.docket)
    yield from report[:SCREEN]
    if len(report) > SCREEN:
        more = count(len(report) - SCREEN, "more line")
        yield Line(f"... {more}: 'casetrack due' shows all", "dim")
    yield from _foot(ran)


def daily_data(ran: Ran) -> dict[str, Any]:
    """``casetrack.daily/1``, without its schema: a sweep's fields, and what else was done."""
    swept = ran.swept or Swept(as_of=ran.docket.as_of, practice=ran.docket.practice)
    return {
        **data(swept),
        "refused": None if ran.refused is None else ran.refused.message,
        "reports": list(ran.reports),
        "problems": list(ran.problems),
        "counts": tally(ran.docket.items),
        **_sealed_data(ran),
        "exit_code": ran.exit_code,
    }


def _sealed_data(ran: Ran) -> dict[str, Any]:
    """What is sealed; ``checkpoint`` and ``fingerprint`` are null where the run could not seal."""
    sealing, foot = ran.sealing, ran.foot
    return {
        "ledger": plain(ran.docket.ledger),
        "sealed": sealing.sealed.added if sealing.sealed else 0,
        "unsealed": sealing.unsealed,
        "seal_refused": sealing.refused.message if sealing.refused else None,
        "checkpoint": foot.note if foot else None,
        "fingerprint": foot.fingerprint if foot else None,
    }
