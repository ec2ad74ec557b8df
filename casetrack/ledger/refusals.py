"""What a store says when an append clashes with what is there."""

from casetrack.errors import BadDatabase, Conflict, Refused


def moved_on() -> Conflict:
    return Conflict("the case has moved on: another writer was first; look at it and try again")


def key_taken() -> Conflict:
    return Conflict("the case has an entry with that idempotency key already")


def reference_taken() -> Refused:
    return Refused("a case with that reference exists already; choose another reference")


def unfinished(name: str) -> BadDatabase:
    return BadDatabase(f"{name} is a copy that is not finished; run 'casetrack db copy' again")
