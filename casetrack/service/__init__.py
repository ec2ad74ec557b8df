"""Use cases: read, decide, append."""
