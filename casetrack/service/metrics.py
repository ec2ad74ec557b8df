"""What a monitor reads: a Prometheus textfile of numbers, without a word about any case."""

from collections.abc import Iterator
from pathlib import Path

from casetrack.domain.docket import tally
from casetrack.service.files import write_shared
from casetrack.service.outcomes import Ran


def write(path: Path, ran: Ran) -> None:
    """Put the file in place in one step, readable by everyone."""
    write_shared(path, "".join(f"{line}\n" for line in _lines(ran)))


def _lines(ran: Ran) -> Iterator[str]:
    docket, swept = ran.docket, ran.swept
    at = docket.as_of.timestamp()
    yield from _gauge("last_run_timestamp_seconds", "When the last daily run was.", at)
    yield from _gauge("last_run_exit_code", "How it ended; 0 is well.", ran.exit_code)
    yield from _gauge("open_cases", "Cases that are not final.", docket.open_cases)
    sent, failed = (len(swept.sent), len(swept.failed)) if swept else (0, 0)
    yield from _gauge("reminders_sent", "Reminders that the run sent.", sent)
    yield from _gauge("reminders_failed", "Reminders that stay due.", failed)
    missed = len(swept.missed_days) if swept else 0
    yield from _gauge("missed_days", "Days without a run before this one.", missed)
    yield from _gauge("sealed_entries", "Entries in the sealed tree.", ran.sealing.size)
    yield from _gauge(
        "unsealed_entries", "Entries that no checkpoint covers.", ran.sealing.unsealed
    )
    yield "# HELP casetrack_deadlines Deadlines in the report by status."
    yield "# TYPE casetrack_deadlines gauge"
    for status, number in tally(docket.items).items():
        yield f'casetrack_deadlines{{status="{status}"}} {number}'


def _gauge(name: str, means: str, value: float) -> Iterator[str]:
    yield f"# HELP casetrack_{name} {means}"
    yield f"# TYPE casetrack_{name} gauge"
    yield f"casetrack_{name} {value}"
