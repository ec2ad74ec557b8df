r"""One sink, one escape: a function for each output makes any text safe in it.

Control characters, ESC, bidirectional controls and line separators are shown as what they are,
``\x1b`` or ``\u202e``; letters of every script and emoji stay.
"""

import re
from html import escape

_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNSAFE = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ud800-\udfff"
_ONE_LINE = re.compile(rf"[\x00-\x1f{_UNSAFE}]")
_MANY_LINES = re.compile(rf"[\x00-\x08\x0b-\x1f{_UNSAFE}]")
_FORMULA = re.compile(r"\A'*(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NOT_XML = re.compile(r"[\ufffe\uffff]")
_MERMAID = re.compile(r"[^\w .,()+/'\[\]?!=-]|(?<=\bend) (?=note\b)", re.IGNORECASE)
_QUOTED = re.compile(r'[,"\r\n]|\A\s|\s\Z')
_TEXT = re.compile(r"[\\;,]")
_MARKUP = re.compile(r"[\\`*_\[\]{}<>|#&~$!@]|:(?=//)|(?<=www)\.", re.IGNORECASE)


def terminal(text: str, *, multiline: bool = False) -> str:
    """Text for a terminal or a log; ``multiline`` lets newline and tab stand."""
    return (_MANY_LINES if multiline else _ONE_LINE).sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    char = found[0]
    if char in _NAMED:
        return _NAMED[char]
    return f"\\x{ord(char):02x}" if char < "\u0100" else f"\\u{ord(char):04x}"


def csv_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: one apostrophe before what starts one.

    Apostrophes already there, and blanks, do not hide the start, so ``csv_uncell`` is exact.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def csv_uncell(cell: str) -> str:
    """The inverse of ``csv_cell`` for every text."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def csv_line(cells: list[str]) -> str:
    """One line of CSV (RFC 4180 but for the line's end, a bare newline)."""
    return ",".join(map(csv_quoted, cells)) + "\n"


def csv_quoted(cell: str) -> str:
    """The cell as it stands between two commas."""
    return f'"{cell.replace(chr(34), 2 * chr(34))}"' if _QUOTED.search(cell) else cell


def markdown(text: str) -> str:
    """Text that stays text in a Markdown paragraph or table: no markup, link, HTML or new row."""
    return _MARKUP.sub(r"\\\g<0>", terminal(text))


def ics_text(text: str) -> str:
    """A TEXT value of iCalendar (RFC 5545, 3.3.11); newlines stay newlines."""
    safe = terminal(text, multiline=True)
    return _TEXT.sub(r"\\\g<0>", safe).replace("\n", "\\n")


def ics_line(line: str) -> str:
    """A content line folded at 75 octets, within no character, ended by CR and LF."""
    pieces, piece, room = [], "", 75
    for char in line:
        octets = len(char.encode())
        if octets > room:
            pieces.append(piece)
            piece, room = "", 74
        piece, room = piece + char, room - octets
    return "\r\n ".join((*pieces, piece)) + "\r\n"


def xml(text: str) -> str:
    """Text or an attribute's value in XML."""
    return escape(_NOT_XML.sub(_shown, terminal(text)))


def dot(text: str) -> str:
    """A quoted string of the DOT language; newlines stay newlines."""
    safe = terminal(text, multiline=True).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe.replace(chr(10), chr(92) + "n")}"'


def mermaid(text: str) -> str:
    """Text in a Mermaid diagram, where all that could be its syntax is a numbered entity."""
    return _MERMAID.sub(lambda found: f"#{ord(found[0])};", terminal(text))
