"""Which workflow governs a patient's coverage: questions and answers, as data.

The first answer whose conditions all hold is taken, so only what it still depends on is asked.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from casetrack.catalog.resources import parse_toml, read_file
from casetrack.domain.naming import suggest
from casetrack.domain.workflow import Grade
from casetrack.errors import Refused, UnknownName

_FILE = Path(__file__).with_name("coverage.toml")


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``codes``: what can be answered, each with its meaning."""

    name: str
    asks: str
    codes: dict[str, str]


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of coverage; no ``workflow``: none is shipped for it."""

    coverage: str
    title: str
    when: dict[str, str]
    because: str
    source: str
    evidence: Grade
    workflow: str | None = None


class Guide(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]


@lru_cache
def guide() -> Guide:
    """The shipped questions and answers, read once."""
    return msgspec.convert(parse_toml(read_file(_FILE), _FILE.name), Guide)


def decide(given: Mapping[str, str]) -> Answer | Question:
    """The answer for what was said so far, or what has to be asked next."""
    for name, code in given.items():
        _check(name, code)
    for answer in guide().answers:
        if all(given.get(name, code) == code for name, code in answer.when.items()):
            unsaid = [q for q in guide().questions if q.name in answer.when.keys() - given.keys()]
            return unsaid[0] if unsaid else answer
    raise Refused("no such coverage is known; see 'casetrack workflow choose --help'")


def _check(name: str, code: str) -> None:
    known = next(q.codes for q in guide().questions if q.name == name)
    if code not in known:
        raise UnknownName(f"{name}: not one of {', '.join(known)}{suggest(code, known)}")


def answer_of(coverage: str) -> Answer:
    """The answer that a kind of coverage names."""
    answers = {answer.coverage: answer for answer in guide().answers}
    if coverage not in answers:
        near = suggest(coverage, answers)
        raise UnknownName(f"coverage: no such kind{near}; there are: {', '.join(answers)}")
    return answers[coverage]


def contradicted(answer: Answer, given: Mapping[str, str]) -> str | None:
    """The name of what was given and is another than the answer holds for."""
    codes = {question.name: question.codes for question in guide().questions}
    return next(
        (n for n, code in answer.when.items() if given.get(n, code) in codes[n].keys() - {code}),
        None,
    )


def workflow_of(coverage: str) -> str:
    """The workflow of a kind of coverage; refused where none is shipped."""
    answer = answer_of(coverage)
    if answer.workflow is None:
        reasons = (answer.because, f"{answer.source}")
        raise Refused(f"no workflow is shipped for {answer.title}, nothing was recorded", reasons)
    return answer.workflow
