"""Workflows and calendars of other fields, put beside the shipped ones for a test."""

import shutil
from pathlib import Path

import pytest

from casetrack.catalog import calendars, resources, workflows

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[1]


def put_beside(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """The catalog finds the test's own files where it finds the shipped ones."""
    for name, own in (("states", DATA), ("calendars", DATA / "calendars")):
        shutil.copytree(ROOT / name, folder / name)
        for file in own.glob("*.toml"):
            shutil.copy(file, folder / name)
    patch.setattr(resources, "_PACKAGE", folder)
    for cached in (workflows.load, calendars.load, calendars.shipped_text):
        cached.cache_clear()
