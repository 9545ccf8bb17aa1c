"""What a test needs to make a case: details, and a clock that only moves when asked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from geolocdesk.casefile.exhibit import CaseDetails

DETAILS = CaseDetails("Missing person, Zagreb", "2025/117", "A. Kovač", "Police Zagreb", "Opened on request.")


def ticking_clock() -> Callable[[], datetime]:
    """Return a clock that is one second later at each look."""
    now = datetime(2025, 11, 20, 9, 0, tzinfo=UTC)

    def look() -> datetime:
        nonlocal now
        now += timedelta(seconds=1)
        return now

    return look
