"""What a command takes from start to end, against a minimal program that prints one row."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scripts.benchmarks import ledgers, sheets
from scripts.benchmarks.measure import CASETRACK, Measure, compared, of, run
from scripts.benchmarks.rows import Family, Row, Sizes, timed

ROOT = Path(__file__).parents[2]
PEER = ROOT / ".venv/bench/bin/python"
CASES = 1_000
RUNS = 3
REFERENCE = "Typer 0.29 and SQLAlchemy Core, one row"
READING = (("show", "B-000000"), ("next", "B-000000"), ("due",), ("list",))


def help_and_completion(sizes: Sizes) -> Iterator[Row]:
    with ledgers.holding(cases(sizes)) as db:
        peer = printing_one_row(db)
        offering = {
            "_CASETRACK_COMPLETE": "complete_bash", "CASETRACK_DB": str(db),
            "COMP_WORDS": "casetrack show B-00000", "COMP_CWORD": "2",
        }  # fmt: skip
        for what, work in (
            ("`--help`", ours("--help")),
            ("completion of a reference", ours(variables=offering)),
        ):
            yield timed(what, REFERENCE, 0.5, compared(work, peer, sizes.rounds))


def reading(sizes: Sizes) -> Iterator[Row]:
    with ledgers.holding(cases(sizes)) as db:
        peer = printing_one_row(db)
        for words in READING:
            work = ours("--db", str(db), "--now", sheets.NOW, *words)
            what = f"`{words[0]}`, {cases(sizes):,} cases"
            yield timed(what, REFERENCE, 0.85, compared(work, peer, sizes.rounds))


def cases(sizes: Sizes) -> int:
    return min(CASES, sizes.cases)


def ours(*words: str, variables: Mapping[str, str] | None = None) -> Measure:
    return started([CASETRACK, *words], variables)


def printing_one_row(db: Path) -> Measure:
    if not PEER.exists():
        raise SystemExit("the peer of the start is not there; run scripts/setup bench")
    return started([PEER, ROOT / "scripts/benchmarks/peer.py", db, "B-000000"])


def started(command: Sequence[str | Path], variables: Mapping[str, str] | None = None) -> Measure:
    def work() -> None:
        for _ in range(RUNS):
            run(command, variables)

    return of(work)


BENCHES: Family = {"start-help": help_and_completion, "start-reading": reading}
