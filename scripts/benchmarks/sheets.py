"""An import file of invented cases of ten rows each: a packet, and that it was submitted."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

NOW = "2026-11-24T16:00Z"
CASE: Mapping[str, Mapping[str, str]] = {
    "open": {"patient": "patient {n}", "benefit": "medical"},
    "record:age": {"dob": "1990-02-28"},
    "record:diagnosis": {"icd10": "D67", "notes": "chart", "hereditary": "yes"},
    "record:factor_ix_activity": {"percent": "1.5", "off_prophylaxis": "yes"},
    "record:inhibitor_test": {"result": "negative"},
    "record:exposure_days": {"days": "150"},
    "record:liver_panel": {
        "alt": "20", "ast": "21", "alp": "70", "bilirubin": "0.6", "imaging": "clear",
    },
    "record:no_prior_gene_therapy": {"confirmed": "yes"},
    "record:approved_center": {"center": "Center 1"},
    "submit": {"method": "portal", "confirmation": "K-{n}"},
}  # fmt: skip
COLUMNS = ("case", "action", "on", *dict.fromkeys(n for row in CASE.values() for n in row))


def write(path: Path, rows: int) -> Path:
    """As many rows, in whole cases and so rounded up."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for number in range(-(-rows // len(CASE))):
            writer.writerows(_case(number))
    return path


def _case(number: int) -> Iterator[dict[str, str]]:
    for action, values in CASE.items():
        cells = {name: value.format(n=number) for name, value in values.items()}
        on = "2026-11-24" if action == "submit" else "2026-11-20"
        yield {"case": f"B-{number:06}", "action": action, "on": on, **cells}
