"""casetrack: prior-authorization cases, their deadlines, and the proof of both."""
