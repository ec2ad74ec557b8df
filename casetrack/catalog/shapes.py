"""Does a raw document have the shape of a frozen type? Every problem is found in one walk.

What does not fit is replaced by a neutral value of the right shape, so that the rest can
still be judged; the walk says where it did that.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, time

from msgspec import NODEFAULT, Struct, inspect

from casetrack.catalog.problems import Problem, dotted, one_of, quoted
from casetrack.domain.naming import suggest

_MAX_INTEGER = 2**53 - 1
_MANY = 200  # problems that are told of one file
_NAMES = {str: "text", bool: "true or false", int: "a whole number"}


class Shaped(Struct, frozen=True):
    """A document that surely converts, the problems it had, and the keys that were replaced."""

    document: object
    problems: tuple[Problem, ...]
    replaced: tuple[str, ...]

    def touches(self, key: str) -> bool:
        """Whether a replaced value stands at, above or below this key."""
        return any(_within(key, other) or _within(other, key) for other in self.replaced)


def shape(raw: object, type_: type) -> Shaped:
    """Compare a parsed document with a Struct type and mend it."""
    walk = _Walk()
    document = walk.value(raw, inspect.type_info(type_), "")
    return Shaped(document, tuple(walk.problems), tuple(walk.replaced))


class _Walk:
    """Collects problems while it goes down; each method gives back a value that fits."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.replaced: list[str] = []

    def value(self, raw: object, kind: inspect.Type, key: str) -> object:
        match kind:
            case inspect.UnionType(types=types):
                return self.value(raw, _without_none(types), key)
            case inspect.StructType():
                return self.struct(raw, kind, key)
            case inspect.DictType(value_type=inner):
                return self.table(raw, inner, key)
            case inspect.VarTupleType(item_type=inner):
                return self.array(raw, inner, key)
            case inspect.LiteralType(values=values):
                return self.literal(raw, tuple(map(str, values)), key)
            case _:
                return self.scalar(raw, kind, key)

    def struct(self, raw: object, kind: inspect.StructType, key: str) -> object:
        if not isinstance(raw, Mapping):
            return self.misfit(raw, "a table", kind, key)
        known = {field.encode_name: field for field in kind.fields}
        self.unknown_keys(raw, known, key)
        fitting: dict[str, object] = {}
        for name, field in known.items():
            if name in raw:
                fitting[name] = self.value(raw[name], field.type, dotted(key, name))
                if field.required and _blank(raw[name]):
                    self.replace(dotted(key, name), "must not be empty")
            elif field.required:
                fitting[name] = self.missing(field, dotted(key, name))
        return fitting

    def unknown_keys(self, raw: Mapping[object, object], known: Collection[str], key: str) -> None:
        for name in raw:
            if name not in known:
                text = str(name)
                if len(self.problems) >= _MANY:
                    return
                hint = suggest(text, known) or f"; there are {one_of(sorted(known))}"
                self.problem(dotted(key, text), f"unknown key{hint}")

    def missing(self, field: inspect.Field, key: str) -> object:
        self.replace(key, "is missing")
        return _neutral(field.type)

    def table(self, raw: object, inner: inspect.Type, key: str) -> object:
        if not isinstance(raw, Mapping):
            return self.misfit(raw, "a table", inspect.DictType(inspect.StrType(), inner), key)
        return {
            str(name): self.value(value, inner, dotted(key, str(name)))
            for name, value in raw.items()
        }

    def array(self, raw: object, inner: inspect.Type, key: str) -> object:
        if not isinstance(raw, list | tuple):
            return self.misfit(raw, "a list", inspect.VarTupleType(inner), key)
        items = [self.value(item, inner, f"{key}[{n}]") for n, item in enumerate(raw)]
        for repeated in _repeated(items):
            self.problem(key, f"holds {quoted(repeated)} more than once")
        return items

    def literal(self, raw: object, values: tuple[str, ...], key: str) -> object:
        if isinstance(raw, str) and raw in values:
            return raw
        hint = suggest(raw, values) if isinstance(raw, str) else ""
        self.replace(key, f"must be {one_of(values)}, not {_described(raw)}{hint}")
        return values[0]

    def scalar(self, raw: object, kind: inspect.Type, key: str) -> object:
        wanted = _scalar_type(kind)
        if type(raw) is not wanted:
            return self.misfit(raw, _NAMES[wanted], kind, key)
        if isinstance(raw, int) and abs(raw) > _MAX_INTEGER:
            return self.misfit(raw, "a smaller number", kind, key)
        if isinstance(raw, str) and not _plain(raw):
            self.replace(key, "must hold no control or invisible characters but line ends")
            return ""
        return raw

    def misfit(self, raw: object, wanted: str, kind: inspect.Type, key: str) -> object:
        self.replace(key, f"must be {wanted}, not {_described(raw)}")
        return _neutral(kind)

    def replace(self, key: str, says: str) -> None:
        self.problem(key, says)
        self.replaced.append(key)

    def problem(self, key: str, says: str) -> None:
        self.problems.append(Problem(key, says))


def _within(key: str, other: str) -> bool:
    return not other or key == other or key.startswith((f"{other}.", f"{other}["))


def _without_none(types: Iterable[inspect.Type]) -> inspect.Type:
    return next(kind for kind in types if not isinstance(kind, inspect.NoneType))


def _scalar_type(kind: inspect.Type) -> type:
    match kind:
        case inspect.BoolType():
            return bool
        case inspect.IntType():
            return int
        case _:
            return str


def _neutral(kind: inspect.Type) -> object:
    match kind:
        case inspect.StructType(fields=fields):
            return {f.encode_name: _neutral(f.type) for f in fields if f.default is NODEFAULT}
        case inspect.DictType():
            return {}
        case inspect.VarTupleType():
            return []
        case inspect.LiteralType(values=values):
            return values[0]
        case _:
            return _scalar_type(kind)()


def _described(raw: object) -> str:
    if isinstance(raw, Mapping):
        return "a table"
    if isinstance(raw, list | tuple):
        return "a list"
    if isinstance(raw, date | time):
        return "a date or time (put it in quotes)"
    return quoted(raw) if isinstance(raw, str | int | float) else "something else"


def _blank(raw: object) -> bool:
    return isinstance(raw, str) and not raw.strip()


def _plain(text: str) -> bool:
    with suppress(UnicodeEncodeError):
        text.encode()
        return all(c == "\n" or c.isprintable() for c in text)
    return False


def _repeated(items: list[object]) -> Iterator[object]:
    seen: set[str] = set()
    for item in items:
        if isinstance(item, str):
            if item in seen:
                yield item
            seen.add(item)
