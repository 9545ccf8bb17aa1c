"""``geolocdesk report``: write a case's report in one format or several."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.cli.console import EXIT_OK, progress_reporter, say
from geolocdesk.cli.signatures import add_signing, sign_report
from geolocdesk.errors import UsageError

if TYPE_CHECKING:
    from geolocdesk.reporting.report import ReportContents

FORMATS = (
    ("pdf", "as a PDF"),
    ("html", "as one HTML file with the interactive map"),
    ("csv", "as a table"),
    ("geojson", "as GeoJSON"),
    ("kml", "as KML"),
    ("kmz", "as KMZ, with the photos"),
    ("gpx", "as GPX waypoints"),
    ("case-uco", "as CASE/UCO JSON-LD"),
    ("zip", "in all formats, with a manifest of hashes"),
)
"""The formats' names and what they are; ``reporting.formats`` knows who writes them."""

_PARTS = ("photos", "maps", "tags", "neighbour-photos", "notes", "provenance", "method", "audit")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "report",
        help="write a case's report",
        description=(
            "Write the report of a case, in one format or several. The case is not changed, and the same case gives "
            "the same bytes. Every position in it is an investigative lead, never proof of a location."
        ),
    )
    parser.add_argument("case", type=Path, metavar="CASE")
    formats = parser.add_argument_group("formats")
    for name, text in FORMATS:
        formats.add_argument(f"--{name}", type=Path, metavar="FILE", help=text)
    choice = parser.add_argument_group("contents")
    choice.add_argument(
        "--exhibits", type=exhibit_numbers, metavar="LIST", help="which exhibits, as in 1-3,7 (default: all)"
    )
    choice.add_argument(
        "--neighbours", type=int, default=8, metavar="N", help="how many reference photos each (default 8)"
    )
    choice.add_argument(
        "--without",
        action="append",
        choices=_PARTS,
        default=[],
        metavar="PART",
        help=f"leave something out; may be given several times: {', '.join(_PARTS)}",
    )
    add_signing(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the reports and return the exit code."""
    wanted = {name: getattr(options, name.replace("-", "_")) for name, _text in FORMATS}
    if not any(wanted.values()):
        names = ", ".join(f"--{name}" for name in wanted)
        message = f"Say in which format to write the report: {names}."
        raise UsageError(message)
    if options.neighbours < 0:
        message = "--neighbours takes a whole number of at least 0."
        raise UsageError(message)
    from geolocdesk.casefile.opening import read_snapshot
    from geolocdesk.reporting.formats import FORMATS as WRITTEN

    contents = _contents(options)
    with read_snapshot(options.case) as case:
        for written in WRITTEN:
            if (path := wanted.get(written.name)) is not None:
                written.load()(case, path, contents=contents, progress=progress_reporter())
                say(f"{path} is written.")
    sign_report(options, options.pdf)
    return EXIT_OK


def _contents(options: argparse.Namespace) -> "ReportContents":
    from geolocdesk.reporting.report import ReportContents

    left_out = {part.replace("-", "_"): False for part in options.without}
    return ReportContents(exhibits=options.exhibits, neighbours=options.neighbours, **left_out)


def exhibit_numbers(text: str) -> frozenset[int]:
    """Return the numbers that ``1-3,7`` names, for argparse."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            message = f"{part.strip()!r} is not a number or a range such as 1-3"
            raise argparse.ArgumentTypeError(message)
        numbers.update(range(int(first), int(last or first) + 1))
    return frozenset(numbers)
