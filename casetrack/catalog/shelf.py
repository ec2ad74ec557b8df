"""The definitions that there are: those shipped, and those of the folders that were named.

A folder is read when something of it is asked for, and it is taken whole or not at all.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from casetrack.catalog import calendars, extending, folders, resources, workflows
from casetrack.catalog.extending import EXTENDS, Document, Known
from casetrack.catalog.problems import Problem
from casetrack.domain.calendar import Calendar
from casetrack.domain.naming import suggest
from casetrack.domain.workflow import Workflow
from casetrack.errors import BadDefinition, UnknownName

MAX_PROBLEMS = 200
T = TypeVar("T")
_ID = re.compile("[a-z][a-z0-9-]*")


class Shelf(Mapping[str, Calendar]):
    """Workflows by id; as a mapping it is the calendars.

    ``states``, ``calendars``: folders of one's own; without them there is what is shipped.
    """

    def __init__(self, states: Path | None = None, calendars: Path | None = None) -> None:
        self._states = states
        self._calendars = calendars

    def workflow_ids(self) -> list[str]:
        """The shipped ones first, each part sorted."""
        return [*workflows.available(), *self._workflows]

    def workflow(self, id: str) -> Workflow:
        """One that is shipped is there whatever state a folder is in."""
        if id in workflows.available():
            return workflows.load(id)
        if id not in self._workflows:
            hint = "" if self._states else "; one of your own needs --states DIR"
            raise _unknown("workflow", id, self.workflow_ids(), hint)
        return self._workflows[id]

    def check_workflow(self, path: Path) -> Workflow:
        """The workflow in a file anywhere, which may extend any that there is."""
        document = folders.read(path)
        return self.parse_workflow(document, _shadowing(document, resources.workflow_text))

    def ships_workflow(self, id: str) -> bool:
        return id in workflows.available()

    def ships_calendar(self, id: str) -> bool:
        return id in calendars.available()

    def check(
        self, names: Iterable[str], load: Callable[[str], T], read: Callable[[Path], T]
    ) -> list[T]:
        """What each id or file is; raises ``BadDefinition`` with the problems of all of them."""
        found: list[T] = []
        errors: list[BadDefinition] = []
        for name in names:
            try:
                found.append(load(name) if _ID.fullmatch(name) else read(Path(name)))
            except BadDefinition as error:
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            reasons = [reason for e in errors for reason in e.reasons or (e.message,)]
            raise BadDefinition(f"{len(errors)} files can't be used", reasons)
        return found

    def __getitem__(self, id: str) -> Calendar:
        if id in calendars.available():
            return calendars.load(id)
        if id not in self._own:
            hint = "" if self._calendars else "; one of your own needs --calendars DIR"
            raise _unknown("calendar", id, list(self), hint)
        return self._own[id]

    def __iter__(self) -> Iterator[str]:
        yield from calendars.available()
        yield from self._own

    def __len__(self) -> int:
        return len(calendars.available()) + len(self._own)

    def check_calendar(self, path: Path) -> Calendar:
        """The calendar in a file anywhere, which may extend any that there is."""
        document = folders.read(path)
        return self.parse_calendar(document, _shadowing(document, resources.calendar_text))

    @cached_property
    def _state_files(self) -> tuple[dict[str, Document], list[str]]:
        return _documents(self._states, workflows.available())

    @cached_property
    def _calendar_files(self) -> tuple[dict[str, Document], list[str]]:
        return _documents(self._calendars, calendars.available())

    @cached_property
    def _workflows(self) -> dict[str, Workflow]:
        return _all(self._states, *self._state_files, self.parse_workflow)

    @cached_property
    def _own(self) -> dict[str, Calendar]:
        return _all(self._calendars, *self._calendar_files, self.parse_calendar)

    def parse_workflow(self, document: Document, found: Iterable[Problem] = ()) -> Workflow:
        known = Known(
            noun="workflow", merge=extending.workflow,
            find=lambda id: _found(
                id, "states", resources.workflow_text, lambda: self._state_files[0]
            ),
            ids=lambda: [*workflows.available(), *self._state_files[0]],
        )  # fmt: skip
        data, problems = _resolved(document, known)
        return workflows.parse(data, document.where, document.lines, [*found, *problems], self)

    def parse_calendar(self, document: Document, found: Iterable[Problem] = ()) -> Calendar:
        known = Known(
            noun="calendar", merge=extending.calendar,
            find=lambda id: _found(
                id, "calendars", resources.calendar_text, lambda: self._calendar_files[0]
            ),
            ids=lambda: [*calendars.available(), *self._calendar_files[0]],
        )  # fmt: skip
        data, problems = _resolved(document, known)
        name = Path(document.where).stem
        told = map(str, [*found, *problems])
        return calendars.parse(data, document.where, document.lines, told, name=name)


def _documents(
    folder: Path | None, shipped: Iterable[str]
) -> tuple[dict[str, Document], list[str]]:
    return ({}, []) if folder is None else folders.documents(folder, shipped)


def _found(
    id: str, folder: str, text: Callable[[str], str], own: Callable[[], Mapping[str, Document]]
) -> Document | None:
    """What can be extended under that id; a folder is looked at for what is not shipped."""
    try:
        where = f"{folder}/{id}.toml"
        return Document(where=where, data=resources.parse_toml(text(id), where))
    except UnknownName:
        return own().get(id)


def _shadowing(document: Document, text: Callable[[str], str]) -> list[Problem]:
    """A file that has a shipped id, and says something else."""
    id = document.data.get("id")
    try:
        same = not isinstance(id, str) or resources.parse_toml(text(id), id) == document.data
    except UnknownName:
        return []
    return [] if same else [Problem("id", folders.shipped_says(str(id)))]


def _resolved(document: Document, known: Known) -> tuple[Mapping[str, object], list[Problem]]:
    """Without what it extends, if that can't be had, nothing more can be said of it."""
    if EXTENDS not in document.data:
        return document.data, []
    found = extending.resolved(document, known)
    problems = [found] if isinstance(found, Problem) else found[1]
    if isinstance(found, Problem) or any(problem.key == EXTENDS for problem in problems):
        raise workflows.unusable(document.where, problems, document.lines)
    return found


def _all(
    folder: Path | None,
    documents: Mapping[str, Document],
    problems: Iterable[str],
    parse: Callable[[Document], T],
) -> dict[str, T]:
    """Every file of a folder, or every problem of it; then nothing of it is taken."""
    found: dict[str, T] = {}
    reasons = list(problems)
    for id, document in documents.items():
        try:
            found[id] = parse(document)
        except BadDefinition as error:
            reasons += error.reasons or (error.message,)
    if reasons:
        count = "1 problem" if len(reasons) == 1 else f"{len(reasons)} problems"
        told = reasons[:MAX_PROBLEMS]
        raise BadDefinition(f"{folder}: {count}; nothing of that folder is used", told)
    return found


def _unknown(noun: str, id: str, known: list[str], needs: str) -> UnknownName:
    hint = suggest(id, known) or f"; there are: {', '.join(known)}"
    return UnknownName(f"no {noun} has that id{hint}{needs}")
