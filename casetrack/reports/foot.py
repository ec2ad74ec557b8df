"""The foot of a daily report: the checkpoint that makes whoever keeps the report a witness."""

from collections.abc import Iterator

from msgspec import Struct

from casetrack.reports.lines import Line
from casetrack.reports.sinks import terminal
from casetrack.reports.words import count


class Foot(Struct, frozen=True, kw_only=True):
    """A signed note of so many sealed entries, and the fingerprint of the key that signed it."""

    size: int
    note: str
    fingerprint: str

    @property
    def title(self) -> str:
        return f"Sealed: {count(self.size, 'entry', 'entries')}"

    @property
    def advice(self) -> str:
        return "Keep this report: with it you can prove later that none of them was changed."

    @property
    def note_lines(self) -> tuple[str, ...]:
        return tuple(self.note.removesuffix("\n").split("\n"))


def lines(foot: Foot) -> Iterator[Line]:
    """The note stands last and as it is, at the edge and unwrapped, so that it can be cut out."""
    yield Line("")
    yield Line(foot.title, "head")
    yield Line(f"  {foot.advice}")
    yield Line(f"  key {foot.fingerprint}")
    yield Line("")
    yield from (Line(terminal(line)) for line in foot.note_lines)
