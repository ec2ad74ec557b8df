"""What holds where nobody says otherwise: data, as the files in ``states`` and ``calendars`` are.

The engine itself knows no plan, drug or place; a test looks for such names everywhere else.
"""

WORKFLOW = "humana-il-guide"
CALENDAR = (
    "illinois-state"  # whose business days a report counts, and that stands in for one that is gone
)
ZONE = "America/Chicago"  # whose days a ledger and a report have
