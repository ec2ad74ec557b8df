"""What going over to another definition did to each case: what newly lapsed first, and loudly."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict

from casetrack.reports.casefile import Data
from casetrack.reports.lines import column, row
from casetrack.reports.receipts import receipt_lines, stays
from casetrack.reports.sinks import terminal
from casetrack.reports.words import day

_WHY = {
    "unknown_clock": "it has no such clock",
    "not_armed": "nothing on record arms it there",
    "not_alive": "the state does not hold it there",
    "ended": "something on record ends it there",
    "superseded": "another fact arms that clock there",
}
_TOUCHED = ("armed", "moved", "closed", "reopened")


class Pressing(Struct, frozen=True, kw_only=True):
    """An open deadline that has lapsed, or has to be acted on today, and before had not."""

    deadline: str
    status: str
    due_on: str
    act_by: str


class Gone(Struct, frozen=True, kw_only=True):
    """What became of a case. ``said``: its receipt, empty where the case stays as it was."""

    case: str
    status: Literal["adopted", "already", "refused"]
    said: Data = {}
    pressing: tuple[Pressing, ...] = ()
    reasons: tuple[str, ...] = ()

    def newly(self, status: str) -> tuple[Pressing, ...]:
        return tuple(one for one in self.pressing if one.status == status)

    @property
    def lapsed(self) -> tuple[Pressing, ...]:
        return self.newly("overdue")


def gone_data(gone: Gone) -> Data:
    """One case; ``lapsed`` and ``act_now`` name what newly stands so."""
    return {
        "case": gone.case,
        "status": gone.status,
        "reasons": list(gone.reasons),
        "lapsed": [asdict(one) for one in gone.lapsed],
        "act_now": [asdict(one) for one in gone.newly("act_now")],
        **gone.said,
    }


def counts(found: Sequence[Gone]) -> dict[str, int]:
    """Cases by what became of them, and the deadlines that newly lapsed."""
    numbers = Counter(gone.status for gone in found)
    lapsed = sum(len(gone.lapsed) for gone in found)
    return {
        "adopted": numbers["adopted"],
        "already": numbers["already"],
        "refused": numbers["refused"],
        "lapsed": lapsed,
    }


def adoption_lines(found: Sequence[Gone]) -> Iterator[str]:
    """All that newly lapsed, then case by case, then a table where there are several."""
    for gone in found:
        for one in gone.lapsed:
            yield from row([("NEWLY LAPSED", 12)], terminal(f"{gone.case}  {_dated(one)}"), 0)
    for gone in found:
        yield from _case_lines(gone)
    if len(found) > 1:
        yield from _table(found)


def _dated(one: Pressing) -> str:
    due, act_by = (day(date.fromisoformat(text)) for text in (one.due_on, one.act_by))
    return f"{one.deadline}: act by {act_by}, due {due}"


def _case_lines(gone: Gone) -> Iterator[str]:
    if not gone.said:
        word = "refused: " if gone.status == "refused" else ""
        told = f"{gone.case}: {word}{'; '.join(gone.reasons)}"
        yield from row([], terminal(told), indent=0)
        return
    yield from receipt_lines(gone.said)
    for one in gone.newly("act_now"):
        yield from row([("now", 7)], terminal(_dated(one)))
    dropped, unused = gone.said["dropped"], gone.said["unused"]
    for each in dropped if isinstance(dropped, list) else []:
        yield from row([("why", 7)], terminal(f"{each['deadline']}: {_WHY[each['why']]}"))
    if isinstance(unused, list) and unused:
        yield from row([("unused", 7)], terminal(f"{', '.join(unused)}: on record as before"))


def _table(found: Sequence[Gone]) -> Iterator[str]:
    wide = column([gone.case for gone in found], 24)
    names = "".join(f"{name:>9}" for name in ("armed", "moved", "closed", "returned", "lapsed"))
    yield f"{'case':<{wide}}  {'':<8}{names}"
    for gone in found:
        numbers = (_number(name, gone.said.get(name)) for name in _TOUCHED)
        cells = "".join(f"{n:>9}" for n in (*numbers, len(gone.lapsed)) if gone.said)
        yield f"{terminal(gone.case):<{wide}}  {gone.status:<8}{cells}".rstrip()
    yield ", ".join(f"{number} {name}" for name, number in counts(found).items())


def _number(name: str, rows: object) -> int:
    """How many deadlines; of those counted again, the ones that have another date."""
    known = rows if isinstance(rows, list) else []
    return sum(not stays(row) for row in known) if name == "moved" else len(known)
