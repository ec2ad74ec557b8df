"""The due-soon report's filters as they are typed."""

import pytest

from tests.cli.driver import Office, practice


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Three submitted requests: eva's, who works here, ota's and nobody's."""
    office = practice(tmp_path_factory.mktemp("due"))
    for reference, assignee in (("A", "eva"), ("B", "ota"), ("C", None)):
        office.do("open", "--ref", reference)
        office.do("fire", reference, "submit", "--override", "test")
        if assignee:
            office.do("assign", reference, assignee)
    return office


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", {"A payer", "A provider", "B payer", "B provider", "C payer", "C provider"}),
        ("--owner payer", {"A payer", "B payer", "C payer"}),
        ("--owner provider", {"A provider", "B provider", "C provider"}),
        ("--owner reviewer", set()),
        ("--assignee me", {"A payer", "A provider"}),
        ("--assignee ota", {"B payer", "B provider"}),
        ("--assignee none", {"C payer", "C provider"}),
        ("--assignee none --owner payer", {"C payer"}),
        ("--assignee me --owner reviewer", set()),
    ],
)
def test_whose_move_and_whose_case(office: Office, options: str, expected: set[str]) -> None:
    lines = office.do("due", "--json", *options.split()).data["items"]
    assert {f"{line['case']} {line['owner']}" for line in lines} == expected
    assert len(lines) == len(expected)
