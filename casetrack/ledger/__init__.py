"""The append-only list of entries, its stored format and its stores."""
