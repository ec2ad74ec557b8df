"""Write the calendar files: the `holidays` library's dates, corrected from the cited sources.

The files are the truth and this script is how they came about: read the difference it makes.
With ``--check`` nothing is written and a file that differs gives exit code 1.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import holidays

EDITION = "2026-11-24"
FIRST = date(2019, 1, 1)
LAST = date(2036, 12, 31)
YEARS = range(FIRST.year, LAST.year + 2)  # New Year's Day may be observed the year before
OFFICIAL_STATE_YEARS = (2019, 2025)
JUNETEENTH = "Juneteenth National Independence Day"
SATURDAY, SUNDAY = 6, 7


@dataclass(frozen=True)
class Holiday:
    """One day as it is listed; ``falls_on`` is the holiday's own date."""

    falls_on: date
    observed: date
    name: str
    source: str
    status: str = "computed"


@dataclass(frozen=True)
class Definition:
    """One calendar file."""

    id: str
    title: str
    source: str
    days: tuple[Holiday, ...]


def from_library(subdivision: str | None, source: str) -> list[Holiday]:
    found = holidays.country_holidays("US", subdiv=subdivision, years=YEARS, observed=False)
    return [Holiday(day, day, found[day], source) for day in sorted(found)]


def without(days: Iterable[Holiday], name: str) -> list[Holiday]:
    return [day for day in days if day.name != name]


def renamed(days: Iterable[Holiday], old: str, new: str) -> list[Holiday]:
    return [replace(day, name=new) if day.name == old else day for day in days]


def moved(day: Holiday) -> Holiday:
    """Observed on Friday for a Saturday, on Monday for a Sunday."""
    shift = {SATURDAY: -1, SUNDAY: 1}.get(day.falls_on.isoweekday(), 0)
    return replace(day, observed=day.falls_on + timedelta(shift))


def juneteenth(source: str, *, weekends: bool) -> list[Holiday]:
    """Kept in Illinois from 2022 on, on the day itself."""
    days = [date(year, 6, 19) for year in YEARS if year >= 2022]
    kept = [day for day in days if weekends or day.isoweekday() < SATURDAY]
    return [Holiday(day, day, JUNETEENTH, source) for day in kept]


def after_thanksgiving(days: Iterable[Holiday], source: str) -> list[Holiday]:
    fridays = [d.falls_on + timedelta(1) for d in days if d.name == "Thanksgiving Day"]
    return [Holiday(day, day, "Day after Thanksgiving", source) for day in fridays]


def good_fridays(source: str) -> list[Holiday]:
    found = holidays.country_holidays("US", years=YEARS, categories=("unofficial",))
    return [Holiday(day, day, "Good Friday", source) for day in found.get_named("Good Friday")]


def official(day: Holiday) -> Holiday:
    if day.observed.year not in OFFICIAL_STATE_YEARS:
        return day
    source = f"Illinois CMS, state holidays {day.observed.year}"
    return replace(day, status="official", source=source)


def illinois_state() -> Definition:
    listed = renamed(
        from_library("IL", "80 Ill. Adm. Code 303.190"), "Election Day", "General Election Day"
    )
    listed = without(without(listed, JUNETEENTH), "Casimir Pulaski Day")
    listed += after_thanksgiving(listed, "80 Ill. Adm. Code 303.190")
    listed = [moved(day) for day in listed] + juneteenth("5 ILCS 490/63", weekends=False)
    return Definition(
        "illinois-state",
        "Illinois state offices",
        "Days on which Illinois state offices, the Department of Insurance included, are closed:"
        " 80 Ill. Adm. Code 303.190 and the lists that Illinois CMS publishes (official: 2019,"
        " 2025). A Saturday's holiday is observed on Friday, a Sunday's on Monday;"
        " Juneteenth is kept from 2022 and never moves, 5 ILCS 490/63 (P.A. 102-14).",
        tuple(official(day) for day in listed),
    )


def illinois_statutory() -> Definition:
    source = "205 ILCS 630/17(a)"
    listed = renamed(from_library("IL", source), "Election Day", "General Election Day")
    listed = without(listed, JUNETEENTH) + juneteenth(f"{source}; 5 ILCS 490/63", weekends=True)
    return Definition(
        "illinois-statutory",
        "Illinois statutory holidays",
        "Holidays that exclude the last day of a statutory period under 5 ILCS 70/1.11, as listed"
        " in 205 ILCS 630/17(a); Juneteenth from 2022, P.A. 102-14."
        " Only the day named: a holiday on a weekend closes no other day.",
        (*listed, *good_fridays(source)),
    )


def us_federal() -> Definition:
    return Definition(
        "us-federal",
        "United States legal public holidays",
        "5 U.S.C. 6103(a) and (b), Juneteenth from 2021 (Pub. L. 117-17); a Saturday's holiday is"
        " observed on Friday, a Sunday's on Monday (Executive Order 11582)."
        " Without Inauguration Day and days closed by executive order.",
        tuple(moved(day) for day in from_library(None, "5 U.S.C. 6103")),
    )


def entry(day: Holiday) -> str:
    return (
        "\n[[days]]\n"
        f"date = {day.observed.isoformat()}\n"
        f"name = {quoted(day.name)}\n"
        f"observed_for = {day.falls_on.isoformat()}\n"
        f"status = {quoted(day.status)}\n"
        f"source = {quoted(day.source)}\n"
    )


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def as_toml(calendar: Definition) -> str:
    head = (
        f"id = {quoted(calendar.id)}\n"
        f"title = {quoted(calendar.title)}\n"
        f"edition = {quoted(EDITION)}\n"
        f"source = {quoted(calendar.source)}\n"
        f"weekend = [{SATURDAY}, {SUNDAY}]\n"
        f"first = {FIRST.isoformat()}\n"
        f"last = {LAST.isoformat()}\n"
    )
    inside = [day for day in calendar.days if FIRST <= day.observed <= LAST]
    return head + "".join(map(entry, sorted(inside, key=lambda day: day.observed)))


def files() -> dict[str, str]:
    calendars = (illinois_state(), illinois_statutory(), us_federal())
    return {f"{calendar.id}.toml": as_toml(calendar) for calendar in calendars}


def differing(folder: Path) -> dict[str, str]:
    """The files that are missing or hold another text."""
    return {
        name: text
        for name, text in files().items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != text.encode()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if one differs")
    parser.add_argument("--into", type=Path, default=Path(__file__).parents[1] / "calendars")
    asked = parser.parse_args()
    changed = differing(asked.into)
    for name, text in changed.items():
        if not asked.check:
            (asked.into / name).write_bytes(text.encode())
        print(f"{name} differs" if asked.check else f"{name} written")
    return int(asked.check and bool(changed))


if __name__ == "__main__":
    raise SystemExit(main())
