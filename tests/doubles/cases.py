"""What a test needs to make a case: details, a clock that only moves when asked, and a case with one of everything."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from geolocdesk.analysis import Exclusions
from geolocdesk.casefile.case import Case
from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.casefile.opening import create_case
from tests.doubles.analyses import (
    FIJI,
    NORTH_POLE,
    SAO_PAULO,
    ZAGREB,
    make_analysis,
    make_failure,
    make_picture,
    make_record,
)

DETAILS = CaseDetails("Missing person, Zagreb", "2025/117", "A. Kovač", "Police Zagreb", "Opened on request.")

HOSTILE_NAME = "=cmd|'<b>&\u202egpj.\u0007html"
"""A file name that tries a spreadsheet, a web page, a reader's eyes and XML at once."""


def ticking_clock() -> Callable[[], datetime]:
    """Return a clock that is one second later at each look."""
    now = datetime(2025, 11, 20, 9, 0, tzinfo=UTC)

    def look() -> datetime:
        nonlocal now
        now += timedelta(seconds=1)
        return now

    return look


@contextmanager
def varied_case(path: Path) -> Iterator[Case]:
    """Give a case with one of everything a report must cope with; it is closed at the end.

    Exhibit 1 lies in a city and has notes, tags and exclusions, 2 at the date line with a hostile name, 3 at
    the pole, 4 leaves out all a file can leave out, 5 failed, 6 waits, 7 is removed.
    """
    with create_case(path, DETAILS, actor="A. Kovač", clock=ticking_clock()) as case:
        places = (
            (ZAGREB, "beach.jpg"),
            (FIJI, HOSTILE_NAME),
            (NORTH_POLE, "caf\udce9 北極.jpg"),
            (SAO_PAULO, "bare.jpg"),
        )
        for seed, (position, name) in enumerate(places):
            analysis = make_analysis(position, path=Path("/evidence") / name, seed=seed, bare=seed == 3)
            case.record_analysis(
                replace(analysis, thumbnail=make_picture(seed)),
                neighbour_thumbnail=lambda _pack_id, row: (
                    make_picture(row - 1000, 160, 120) if row <= 1010 else None
                ),
                pack_verified_at="2025-11-19T08:00:00Z",
            )
        case.record_failure(make_failure())
        case.add_evidence(make_record(Path("/evidence/waiting.jpg")), make_picture(6))
        case.remove_evidence(case.add_evidence(make_record(Path("/evidence/removed.jpg"))))
        case.set_exclusions(1, Exclusions(frozenset({"ref-1"}), photographers=frozenset({"山田太郎"})))
        case.add_note('=HYPERLINK("http://example.org") the sign <is> Croatian\nsecond line', 1)
        case.set_tags(1, ("sea", "@boat"))
        case.add_note("On the whole case: 街の写真, עברית, العربية")
        yield case
