"""The list of ICD-10-CM codes, from the data of simple-icd-10-cm where that is installed.

The package itself is not imported: that takes seconds and 180 MiB, its list of codes milliseconds.
"""

import re
from bisect import bisect_left
from functools import lru_cache
from itertools import takewhile

from msgspec import Struct

PACKAGE = "simple-icd-10-cm"
_FILE = re.compile(r"code-list-(?P<month>[A-Z][a-z]+)-(?P<year>[0-9]{4})\.txt")


class CodeList(Struct, frozen=True):
    """Every code of an edition such as ``April 2026``, sorted, without dots."""

    edition: str
    codes: tuple[str, ...]

    def has(self, code: str) -> bool:
        """Whether it is a code of the edition, one with codes under it too."""
        return self._from(code)[:1] == (_undotted(code),)

    def billable_under(self, code: str) -> tuple[str, ...]:
        """The codes under one that have none under themselves; nothing where it has none."""
        under = self._from(code)[1:]
        after = (*under[1:], "")[: len(under)]
        ends = (one for one, n in zip(under, after, strict=True) if not n.startswith(one))
        return tuple(map(_dotted, ends))

    def _from(self, code: str) -> tuple[str, ...]:
        """A code and all under it."""
        text = _undotted(code)
        start = bisect_left(self.codes, text)
        rest = (self.codes[n] for n in range(start, len(self.codes)))
        return tuple(takewhile(lambda one: one.startswith(text), rest))


@lru_cache(maxsize=1)
def installed() -> CodeList | None:
    """The list of the installed edition, read once; None without the package."""
    from importlib.metadata import PackageNotFoundError, files

    try:
        found = [(path, _FILE.fullmatch(path.name)) for path in files(PACKAGE) or ()]
    except PackageNotFoundError:
        return None
    for path, name in found:
        if name is not None:
            codes = {one for one in path.read_text("ascii").split() if _is_code(one)}
            return CodeList(f"{name['month']} {name['year']}", tuple(sorted(codes)))
    return None


def _is_code(text: str) -> bool:
    """Chapters are numbers, blocks are ranges."""
    return len(text) > 2 and "-" not in text


def _undotted(code: str) -> str:
    return code.replace(".", "")


def _dotted(code: str) -> str:
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code
