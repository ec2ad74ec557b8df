"""Folders of workflows and calendars of one's own, written for one test."""

from pathlib import Path

CLINIC = """
id = "my-clinic"
title = "Our clinic"
edition = "2026-11-24"
source = "The notice on our door"
extends = "illinois-state"

[[days]]
date = 2026-12-24
name = "Christmas Eve"

[[days]]
date = 2026-11-02
name = "Staff day"
"""
GUIDE = """
id = "my-guide"
title = "The guide, at our clinic"
edition = "2026-11-24"
standing = "the guide, and what our clinic adds to it"
source = "the guide; ours"
extends = "humana-il-guide"
office = "my-clinic"
remove = ["clocks.pa_follow_up"]

[clocks.pa_decision]
rungs = ["5bd", "0bd"]

[clocks.second_call]
title = "Call again"
owner = "provider"
kind = "planned"
armed_by = ["submit"]
alive_in = ["pa_submitted"]
ended_by = ["approve", "deny"]
source = "ours"
evidence = "R"
length = "7bd"
"""
SMALL = """
id = "small"
title = "A small one"
edition = "2026-11-24"
standing = "an example"
source = "ours"
zone = "America/Chicago"
calendar = "illinois-state"

[states]
start = { title = "Start", initial = true }
end = { title = "End", final = true }

[stages]
[fields]
[items]

[triggers.finish]
title = "Finish"
source = "ours"
moves = [{ origins = ["start"], to = "end" }]

[clocks]
"""


def folder(parent: Path, **texts: str) -> Path:
    """A folder with a file for each text; an underscore in its name is a hyphen."""
    made = parent / "own"
    made.mkdir(exist_ok=True)
    for name, text in texts.items():
        (made / f"{name.replace('_', '-')}.toml").write_text(text, "utf-8")
    return made


def renamed(text: str, name: str) -> str:
    """The same definition under another id."""
    first, _, rest = text.lstrip().partition("\n")
    assert first.startswith("id = ")
    return f'id = "{name}"\n{rest}'
