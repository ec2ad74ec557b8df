"""The shapes of codes: ICD-10-CM, and National Drug Codes as printed and as billed."""

import re

_ICD = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?", re.ASCII)
_PRINTED = re.compile(r"([0-9]{4,5})-([0-9]{3,4})-([0-9]{1,2})", re.ASCII)
_BILLED = re.compile(r"([0-9]{5})-?([0-9]{4})-?([0-9]{2})", re.ASCII)
_BARE = re.compile(r"[0-9]{10}", re.ASCII)


def is_icd(text: str) -> bool:
    """Whether it is written as an ICD-10-CM code, with the dot or without."""
    return _ICD.fullmatch(text) is not None


def lacks_dot(text: str) -> bool:
    """Whether an ICD-10-CM code is written without the dot after its third character."""
    return len(text) > 3 and "." not in text


def ndc11(text: str) -> str | None:
    """An NDC as it is billed, 5-4-2 with hyphens, each segment padded with zeros.

    It takes 10 digits as 4-4-2, 5-3-2 or 5-4-1, or 11 as 5-4-2 with or without hyphens; None for
    all else, 10 digits without hyphens too, which can be read in three ways.
    """
    bare = "-" not in text
    found = (_BILLED if bare else _PRINTED).fullmatch(text)
    if found is None or sum(map(len, found.groups())) not in ({11} if bare else {10, 11}):
        return None
    labeler, product, package = found.groups()
    return f"{labeler:0>5}-{product:0>4}-{package:0>2}"


def ndc_readings(text: str) -> tuple[str, ...]:
    """What 10 digits without hyphens can be, as billed: 4-4-2, 5-3-2, 5-4-1; else nothing."""
    if not _BARE.fullmatch(text):
        return ()
    cuts = ((4, 8), (5, 8), (5, 9))
    return tuple(f"{text[:a]:0>5}-{text[a:b]:0>4}-{text[b:]:0>2}" for a, b in cuts)
