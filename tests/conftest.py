"""Every test: nobody's settings, and few repeatable examples unless CASETRACK_FULL=1."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import servers

pytest.register_assert_rewrite("tests.contract")

FULL = os.environ.get("CASETRACK_FULL") == "1"

settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("full", settings.get_profile("ci"), derandomize=False, max_examples=1_000)
settings.load_profile("full" if FULL else "ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not FULL and item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip(reason="scripts/test --full runs it"))


@pytest.fixture(autouse=True, scope="session")
def _nobodys_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("settings")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CASETRACK_DB", "CASETRACK_ACTOR", "CASETRACK_NOW"):
            patch.delenv(name, raising=False)
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, str(folder / name.lower()))
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with servers.running() as url:
        yield url


@pytest.fixture
def database(server: str) -> Iterator[str]:
    with servers.database(server) as url:
        yield url
