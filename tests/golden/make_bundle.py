"""Makes the golden bundle of format 1; from the first release on it must verify for ever.

Until then ``python -m tests.golden.make_bundle`` writes it anew.
"""

from io import BytesIO
from pathlib import Path

from casetrack.service.handing import Request, hand
from casetrack.service.tracker import Tracker
from tests import signing
from tests.golden import make_guide

FOLDER = Path(__file__).with_name("bundle1")


def build() -> tuple[bytes, str]:
    """A bundle of the guide's ledger under its second key, and a note that the first one signed."""
    ledger = make_guide.build()
    signing.make_key(ledger)
    mailed = signing.seal(ledger)
    signing.rotate(ledger, signing.KEYS[0], signing.KEYS[1])
    tracker = Tracker(ledger, ledger.sources.now(), "eva")
    cases = tuple(ledger.case_ids())
    tracker.disclose("show", cases)
    signing.seal(ledger, signing.KEYS[1])
    sink = BytesIO()
    hand(tracker, Request(form="bundle", purpose="for ever", cases=cases, phi=True), sink)
    return sink.getvalue(), mailed


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    content, mailed = build()
    (FOLDER / "bundle.zip").write_bytes(content)
    (FOLDER / "mailed.txt").write_bytes(mailed.encode())
    (FOLDER / "keys.txt").write_text(
        "".join(f"{signing.fingerprint(k)}\n" for k in signing.KEYS[:2])
    )


if __name__ == "__main__":
    main()
