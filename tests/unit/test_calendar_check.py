"""A calendar file of one's own: found sound, or refused with every problem."""

from pathlib import Path

import pytest

from casetrack.catalog import calendars
from casetrack.errors import BadDefinition

SHIPPED = Path(__file__).parents[2] / "calendars" / "us-federal.toml"


def copied(folder: Path, name: str, text: str | None = None) -> Path:
    file = folder / name
    file.write_text(SHIPPED.read_text("utf-8") if text is None else text, "utf-8")
    return file


def test_a_sound_file_is_the_same_calendar_as_the_one_shipped(tmp_path: Path) -> None:
    found = calendars.check_file(copied(tmp_path, "us-federal.toml"))

    assert found == calendars.load("us-federal")


def test_the_id_must_be_the_files_name(tmp_path: Path) -> None:
    file = copied(tmp_path, "our-office.toml")

    with pytest.raises(BadDefinition) as refusal:
        calendars.check_file(file)

    assert refusal.value.reasons == (f"{file}: line 1: id: must be the file's name",)


def test_every_problem_is_told_with_the_file_and_the_key(tmp_path: Path) -> None:
    file = copied(tmp_path, "bad.toml", 'id = "bad"\nedition = "today"\ncolour = "red"\n')

    with pytest.raises(BadDefinition) as refusal:
        calendars.check_file(file)

    reasons = refusal.value.reasons
    assert f"{file}: line 3: colour: unknown key" in reasons
    assert f"{file}: title: missing" in reasons
    assert any(
        reason.startswith(f"{file}: line 2: edition: must be the date") for reason in reasons
    )


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDefinition, match="there is no such file"):
        calendars.check_file(tmp_path / "none.toml")
