"""Measures the source against the project's measures of taste; exit 1 when it is over one."""

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEDIAN_LINES, NINTH_DECILE_LINES, FUNCTION_LINES, MODULE_LINES = 8, 25, 40, 300
# It goes into every bundle, and an auditor reads and runs it, as one file.
ALONE = ROOT / "casetrack/audit/verify.py"


def main() -> int:
    modules = [p for folder in ("casetrack", "scripts") for p in (ROOT / folder).rglob("*.py")]
    tests = list((ROOT / "tests").rglob("*.py"))
    problems = [*too_long(modules), *unexplained(modules + tests), *too_long_as_a_rule(modules)]
    print(*sorted(problems) or ["within measure"], sep="\n")
    return 1 if problems else 0


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's place and its lines, from ``def`` to the end, docstring included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}", lines


def too_long(modules: Sequence[Path]) -> Iterator[str]:
    for path in modules:
        lines = len(path.read_text("utf-8").splitlines())
        if lines > MODULE_LINES and path != ALONE:
            yield f"{path.relative_to(ROOT)}: {lines} lines, over {MODULE_LINES}"
        for place, length in functions(path):
            if length > FUNCTION_LINES:
                yield f"{place}: {length} lines, over {FUNCTION_LINES}"


def unexplained(modules: Sequence[Path]) -> Iterator[str]:
    for path in modules:
        if not ast.get_docstring(ast.parse(path.read_text("utf-8"))):
            yield f"{path.relative_to(ROOT)}: no module docstring"


def too_long_as_a_rule(modules: Sequence[Path]) -> Iterator[str]:
    lengths = sorted(length for path in modules for _, length in functions(path))
    for name, share, most in (("median", 0.5, MEDIAN_LINES), ("p90", 0.9, NINTH_DECILE_LINES)):
        found = lengths[int(len(lengths) * share)]
        print(f"{name} function: {found} lines of at most {most}")
        if found > most:
            yield f"{name} function: {found} lines, over {most}"


if __name__ == "__main__":
    sys.exit(main())
