"""What a cover sheet consists of: evidence, requirements, reasons."""

from datetime import date

from msgspec import Struct


class File(Struct, frozen=True, kw_only=True):
    """A document as it was recorded: each part None while sealed, and said so once redacted."""

    name: object
    size: object
    sha256: object


class Paper(Struct, frozen=True, kw_only=True):
    """A piece of evidence; ``counts``: of its requirement's it is the one that is judged."""

    version: int
    on: date
    counts: bool
    values: dict[str, object]
    file: File | None


class Requirement(Struct, frozen=True, kw_only=True):
    """What is asked for, how it stands, and everything on file for it, newest first.

    ``status``: as in ``check``, or ``on_file`` where it is here to answer a reason alone.
    ``fresh_through``: the last day on which the evidence that counts is fresh.
    """

    item: str
    title: str
    group: str
    status: str
    blocking: bool
    detail: str
    hint: str
    source: str
    fresh_through: date | None
    stale_since: date | None
    papers: tuple[Paper, ...]

    @property
    def met(self) -> bool:
        return self.status in {"satisfied", "on_file"}


class Former(Struct, frozen=True, kw_only=True):
    """Evidence of rules that the case has left: the workflow knows no such requirement."""

    item: str
    papers: tuple[Paper, ...]


class Point(Struct, frozen=True, kw_only=True):
    """A reason for the refusal, and the requirements: of some the evidence breaks a rule."""

    field: str
    code: str
    answers: tuple[str, ...]
    failing: tuple[str, ...]
    missing: tuple[str, ...]


class Refusal(Struct, frozen=True, kw_only=True):
    """An entry that gave reasons; ``trigger`` None where it was no transition."""

    version: int
    on: date | None
    trigger: str | None
    title: str
    values: dict[str, object]
    points: tuple[Point, ...]
