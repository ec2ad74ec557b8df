"""The README and the tutorials do what they say, to the letter."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from casetrack.domain.dates import local_date
from tests.console import ROOT, run_document
from tests.servers import execute

DOCUMENTS = (
    "README.md",
    "docs/tutorial.md",
    "docs/how-to/case-manager.md",
    "docs/how-to/cron-operator.md",
    "docs/how-to/auditor.md",
    "docs/how-to/own-workflows.md",
    "docs/explanation/regimes.md",
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_of_the_document_prints_what_is_shown(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(ROOT / "docs/examples", folder)
    written, real = run_document(ROOT / name, folder)
    assert real == written


def test_the_page_on_servers_is_true_on_a_server(server: str, tmp_path: Path) -> None:
    url = make_url(server)
    known = {"PGHOST": str(url.query.get("host") or url.host), "PGUSER": url.username or ""}
    execute(server, "CREATE DATABASE clinic ENCODING 'UTF8' TEMPLATE template0")
    try:
        written, real = run_document(ROOT / "docs/how-to/server.md", tmp_path, known)
    finally:
        execute(server, "DROP DATABASE clinic WITH (FORCE)")
    today = local_date(datetime.now(UTC), "America/Chicago").isoformat()
    assert real.replace(today, "2026-12-07") == written


def test_the_readme_fits_on_two_screens_and_ends_approved() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    case = text.partition("## One case")[2].partition("\n## ")[0]
    assert len(case.splitlines()) < 100
    assert "-> approved" in case
