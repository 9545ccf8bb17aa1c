"""``geolocdesk partition``: adaptive cells from the positions of photos."""

import argparse
from pathlib import Path

from geolocdesk.cli.console import EXIT_OK, EXIT_SOME_FAILED, say, write_json, write_result
from geolocdesk.cli.options import non_negative_float, positive_int


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "partition",
        help="divide the Earth into cells by where photos are",
        description=(
            "Split the Earth, always across a cell's longer side, until each cell holds fewer than N photos or is "
            "smaller than A. The cells are GeoJSON."
        ),
    )
    parser.add_argument("positions", type=Path, metavar="CSV", help="a table with latitude and longitude")
    parser.add_argument("--out", type=Path, required=True, metavar="CELLS", help="the GeoJSON file to write")
    parser.add_argument(
        "--max-images", type=positive_int, default=50, metavar="N", help="split from N photos on (default 50)"
    )
    parser.add_argument(
        "--min-area-km2",
        type=non_negative_float,
        default=1.0,
        metavar="A",
        help="leave cells below this area whole (default 1)",
    )
    parser.add_argument("--split", choices=("even", "random"), default="even")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="for random splits (default 0)")
    parser.add_argument(
        "--where", action="append", default=[], metavar="COLUMN=VALUE", help="take only these rows"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the cells and return the exit code: 1 where rows had no position."""
    from geolocdesk.reference.sources.positions import read_positions
    from geolocdesk.reference.sources.selection import Selection
    from geolocdesk.training.cells_file import write_cells
    from geolocdesk.training.partition import PartitionRule, partition_earth

    rule = PartitionRule(options.max_images, options.min_area_km2, options.split, options.seed)
    table = read_positions(options.positions, Selection.parse(options.where))
    for reason in table.rejected:
        say(reason)
    partition = partition_earth(table.positions, rule)
    write_cells(options.out, partition)
    areas = partition.areas_km2()
    if options.json:
        write_json(
            {
                "cells": len(partition),
                "photos": len(table.positions),
                "rejected": len(table.rejected),
                "smallest_km2": float(areas.min()),
                "largest_km2": float(areas.max()),
                "most_photos": int(partition.counts.max()),
                "empty_cells": int((partition.counts == 0).sum()),
            }
        )
    else:
        write_result(
            f"{options.out}: {len(partition)} cells from {len(table.positions)} photos; "
            f"{areas.min():,.1f} to {areas.max():,.0f} km²; at most {partition.counts.max()} photos in a cell"
        )
    return EXIT_SOME_FAILED if table.rejected else EXIT_OK
