"""Options that say which references a search may find."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.errors import UsageError

if TYPE_CHECKING:
    from geolocdesk.analysis import Exclusions

_CODE_LETTERS = 2


def add_search_conditions(parser: argparse.ArgumentParser) -> None:
    """Add what limits a search to some references."""
    parser.add_argument(
        "--within", type=Path, metavar="FILE.geojson", help="search only references inside these polygons"
    )
    parser.add_argument(
        "--country",
        type=_countries,
        default=frozenset(),
        metavar="CODES",
        help="search only references in these countries (ISO 3166-1 alpha-2, such as HR,SI), by what the references "
        "say or else by where they lie",
    )
    parser.add_argument(
        "--exclude", type=Path, metavar="IDS.txt", help="leave out these reference ids, one a line"
    )
    for group in ("place", "photographer"):
        parser.add_argument(
            f"--exclude-{group}",
            action="append",
            default=[],
            metavar="NAME",
            help=f"leave out references of this {group}; may be repeated",
        )
    parser.add_argument(
        "--exclude-own-copies",
        action="store_true",
        help="leave out references that are copies of the photo: the same file, or too like it to be another photo",
    )


def exclusions_of(options: argparse.Namespace) -> "Exclusions":
    """Return what the options rule out. Raises UsageError where a file cannot be read."""
    from geolocdesk.analysis import Exclusions
    from geolocdesk.reference.search_area import read_search_area

    return Exclusions(
        reference_ids=frozenset() if options.exclude is None else frozenset(read_ids(options.exclude)),
        places=frozenset(options.exclude_place),
        photographers=frozenset(options.exclude_photographer),
        within=None if options.within is None else read_search_area(options.within),
        countries=options.country,
        own_copies=options.exclude_own_copies,
    )


def read_ids(path: Path) -> list[str]:
    """Return the reference ids in a file, one a line, empty lines left out. Raises UsageError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"The list {path} cannot be read ({error}); it holds one reference id a line."
        raise UsageError(message) from error
    return [line.strip() for line in lines if line.strip()]


def _countries(text: str) -> frozenset[str]:
    codes = [code.strip().upper() for code in text.split(",") if code.strip()]
    wrong = [code for code in codes if len(code) != _CODE_LETTERS or not (code.isascii() and code.isalpha())]
    if wrong or not codes:
        message = f"{', '.join(wrong) or text!r} is not a country code of two letters, such as HR"
        raise argparse.ArgumentTypeError(message)
    return frozenset(codes)
