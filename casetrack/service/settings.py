"""Where each setting comes from: option, then environment, then config file, then default."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from casetrack.domain.naming import suggest
from casetrack.errors import Refused
from casetrack.ledger.place import without_password

NAMES = ("db", "actor", "now", "within", "states", "calendars")
ENVIRONMENT = {"db": "CASETRACK_DB", "actor": "CASETRACK_ACTOR", "now": "CASETRACK_NOW"}
IN_FILE = ("db", "actor", "within", "states", "calendars")
FOLDERS = ("states", "calendars")
TABLES = ("notify", "daily", "serve", "ping", "seal")


class Setting(Struct, frozen=True):
    """A value and where it was found; None: not set."""

    value: str | None
    origin: str

    @property
    def shown(self) -> str | None:
        """The value without the secret that a database's address may hold."""
        return self.value and without_password(self.value)


def resolve(
    options: Mapping[str, str | None], env: Mapping[str, str], config: Path | None
) -> dict[str, Setting]:
    """Every setting with its origin. A config file asked for by name must exist."""
    path = config or default_config()
    filed = read_config(path, required=config is not None)
    return {name: _first(name, options, env, filed, path) for name in NAMES}


def _first(
    name: str,
    options: Mapping[str, str | None],
    env: Mapping[str, str],
    filed: Mapping[str, str],
    path: Path,
) -> Setting:
    if (given := options.get(name)) is not None:
        return Setting(given, f"option --{name}")
    variable = ENVIRONMENT.get(name)
    if variable and env.get(variable):
        return Setting(env[variable], f"environment {variable}")
    if name in filed:
        return Setting(filed[name], f"config file {path}")
    return Setting(_default(name), "default")


def _default(name: str) -> str | None:
    match name:
        case "db":
            return str(data_folder() / "cases.db")
        case "actor":
            return _login()
        case "within":
            return "10bd"
        case _:
            return None


def _login() -> str:
    from casetrack.service.bootstrap import account

    return account().removeprefix("os:").partition("@")[0]


def data_folder() -> Path:
    """The platform's folder for a user's data."""
    from platformdirs import user_data_path

    return user_data_path("casetrack", appauthor=False)


def default_config() -> Path:
    from platformdirs import user_config_path

    return user_config_path("casetrack", appauthor=False) / "config.toml"


def read_config(path: Path, *, required: bool) -> dict[str, str]:
    """The config file's plain settings; unknown keys and values that are no text are refused."""
    data = _document(path, required=required)
    plain = {key: value for key, value in data.items() if key not in TABLES}
    problems = [_problem(path, key, value) for key, value in data.items()]
    if any(problems):
        raise Refused(f"{path} can't be used", [p for p in problems if p])
    paths = ("db", *FOLDERS)
    return {key: os.path.expanduser(str(value)) if key in paths else str(value)  # noqa: PTH111  # a URL stays one
            for key, value in plain.items()}  # fmt: skip


def folder(setting: Setting) -> Path | None:
    """The folder that a setting names, None where it is not set; an empty name is refused."""
    if setting.value is None:
        return None
    if not setting.value.strip():
        raise Refused(f"{setting.origin}: is empty; name a folder")
    return Path(setting.value)


def read_tables(config: Path | None) -> dict[str, object]:
    """The config file's tables, each as it stands, unchecked."""
    data = _document(config or default_config(), required=config is not None)
    return {key: value for key, value in data.items() if key in TABLES}


def _document(path: Path, *, required: bool) -> dict[str, object]:
    try:
        absent = not path.exists()
    except OSError as error:
        reason = (error.strerror or "no reason given").lower()
        raise Refused(f"the config file {path} can't be read: {reason}") from None
    if absent and required:
        raise Refused(f"there is no config file {path}")
    if absent:
        return {}
    from casetrack.catalog.resources import parse_toml, read_file

    return parse_toml(read_file(path), str(path))


def _problem(path: Path, key: str, value: object) -> str:
    if key in TABLES:
        return "" if isinstance(value, dict) else f"{path}: {key} must be a table"
    if key not in IN_FILE:
        known = (*IN_FILE, *TABLES)
        return f"{path}: unknown key {key!r}{suggest(key, known)}; known: {', '.join(known)}"
    if not isinstance(value, str):
        return f"{path}: {key} must be text"
    if key in FOLDERS and not Path(os.path.expanduser(value)).is_absolute():  # noqa: PTH111  # as above
        return f"{path}: {key} must be a whole path: a run may start in any folder"
    return ""
