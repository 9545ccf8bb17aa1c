"""Options on copies and caps, which building, appending and merging share."""

import argparse
from typing import TYPE_CHECKING

from geolocdesk.cli.options import positive_int

if TYPE_CHECKING:
    from geolocdesk.reference.culling import CullingOptions


_WHAT_BECOMES_OF_COPIES = {
    "report": "look for copies of one photo, list them in duplicates.csv and keep them (the default, but for more "
    "than 100,000 photos that come with their descriptors)",
    "drop": "look for copies of one photo, list them and keep only the first",
    "skip": "do not look for copies",
}


def add_culling(parser: argparse.ArgumentParser) -> None:
    """Add what becomes of copies, and the caps."""
    copies = parser.add_mutually_exclusive_group()
    for flag, text in _WHAT_BECOMES_OF_COPIES.items():
        copies.add_argument(
            f"--{flag}-duplicates", dest="duplicates", action="store_const", const=flag, help=text
        )
    parser.set_defaults(duplicates="auto")
    for group in ("photographer", "place"):
        parser.add_argument(
            f"--max-per-{group}",
            type=positive_int,
            metavar="N",
            help=f"keep at most N photos of one {group}, drawn by their ids; the others are in left_out.csv",
        )


def culling_of(options: argparse.Namespace) -> "CullingOptions":
    """Return what the options ask for."""
    from geolocdesk.reference.culling import CullingOptions

    return CullingOptions(options.duplicates, options.max_per_photographer, options.max_per_place)
