"""Where a server's ledger lies: how safe the way there is, and what may be said of it."""

import pytest

from casetrack.errors import Refused
from casetrack.ledger.place import has_password, without_password
from casetrack.ledger.server import ServerDatabase
from casetrack.service.settings import Setting


def sslmode(url: str) -> object:
    database = ServerDatabase(url)
    database.engine.dispose()
    return database.engine.url.query.get("sslmode")


@pytest.mark.parametrize("host", ["db.clinic.example", "10.0.0.7", "db.clinic.example:5433"])
def test_another_machine_must_show_its_certificate(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    assert sslmode(f"postgresql://u@{host}/x") == "verify-full"
    assert sslmode(f"postgresql://u@{host}/x?sslmode=require") == "require"
    monkeypatch.setenv("PGSSLMODE", "prefer")
    assert sslmode(f"postgresql://u@{host}/x") is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "", "localhost:5432"])
def test_this_machine_needs_no_certificate(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    monkeypatch.delenv("PGHOST", raising=False)
    assert sslmode(f"postgresql+psycopg://u@{host}/x") is None


@pytest.mark.parametrize("variable", ["PGHOST", "query"])
def test_a_machine_named_elsewhere_is_another_machine_too(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    if variable == "PGHOST":
        monkeypatch.setenv("PGHOST", "db.clinic.example")
        assert sslmode("postgresql:///x") == "verify-full"
    else:
        assert sslmode("postgresql:///x?host=db.clinic.example") == "verify-full"
    monkeypatch.setenv("PGHOST", "/run/postgresql")
    assert sslmode("postgresql:///x") is None
    assert sslmode("postgresql:///x?host=/run/postgresql") is None


@pytest.mark.parametrize(
    ("query", "variable"),
    [
        ("hostaddr=10.0.0.7", None),
        ("host=localhost&host=db.clinic.example", None),
        ("service=clinic", None),
        ("", "PGHOSTADDR"),
        ("", "PGSERVICE"),
    ],
)
def test_whatever_may_lead_to_another_machine_is_one(
    query: str, variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGSSLMODE", "PGHOST", "PGHOSTADDR", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, "10.0.0.7")
    assert sslmode(f"postgresql://localhost/x?{query}") == "verify-full"
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    monkeypatch.delenv("PGSERVICE", raising=False)
    assert sslmode("postgresql://localhost/x") is None


def test_what_is_shown_of_an_address_is_no_part_of_a_password() -> None:
    database = ServerDatabase("postgresql://u:s3@cret@localhost/x")
    database.engine.dispose()
    assert database.name == "postgresql://localhost/x"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p@h:5/x", "postgresql://u@h:5/x"),
        ("postgresql://h/x?user=a&password=p&sslmode=require", "postgresql://h/x?user=a&sslmode=require"),
        ("postgresql://u:p/q?r@h/x", "postgresql://u@h/x"),
        ("postgresql://kim@clinic:p@h/x", "postgresql://kim@clinic@h/x"),
        ("postgresql://u:p@q@h/x", "postgresql://u@h/x"),
        ("postgresql://u:p@h/x?user=a@b", "postgresql://u@h/x?user=a@b"),
        ("postgresql://h/x?p%61ssword=p", "postgresql://h/x"),
        ("postgresql://h/x?user=a&sslpassword=p", "postgresql://h/x?user=a"),
        ("postgresql://h/x?passfile=/a/b", "postgresql://h/x?passfile=/a/b"),
        ("postgresql+psycopg:///x", "postgresql+psycopg:///x"),
    ],
)  # fmt: skip
def test_a_password_is_left_out_of_what_is_shown(url: str, shown: str) -> None:
    assert without_password(url) == Setting(url, "a test").shown == shown
    assert has_password(url) == (url != shown)


def test_an_address_that_is_none_is_refused_and_not_repeated() -> None:
    with pytest.raises(Refused) as caught:
        ServerDatabase("postgresql://u:s3cret@h:port/x")
    assert "s3cret" not in caught.value.message
