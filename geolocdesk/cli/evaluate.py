"""``geolocdesk evaluate``: accuracy at 1, 25, 200, 750 and 2500 km on photos whose place is known."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.cli.console import (
    EXIT_OK,
    EXIT_SOME_FAILED,
    progress_reporter,
    say,
    utc_now,
    write_json,
    write_result,
)
from geolocdesk.cli.options import TableAction, WhereAction, add_model, add_workers

if TYPE_CHECKING:
    from geolocdesk.features.extractor import Extractor
    from geolocdesk.reference.pack import Pack


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "evaluate",
        help="measure accuracy on photos whose place is known",
        description=(
            "Measure how often each method is right at 1, 25, 200, 750 and 2500 km. --where selects rows of the "
            "table named just before it, so that one CSV can be split: "
            "--reference all.csv --where split=reference --queries all.csv --where split=query"
        ),
    )
    parser.add_argument(
        "--reference",
        required=True,
        action=TableAction,
        metavar="PACK|CSV",
        help="a pack, or a CSV of photos to be described first",
    )
    parser.add_argument("--queries", required=True, action=TableAction, metavar="CSV")
    parser.add_argument(
        "--where",
        action=WhereAction,
        metavar="COLUMN=VALUE[,VALUE…]",
        help="take only these rows of the table named before; may be repeated",
    )
    parser.add_argument(
        "--exclude-same",
        metavar="COLUMN",
        help="leave out references that share the query's id, place or photographer",
    )
    parser.add_argument("--methods", metavar="LIST", help="comma-separated; default all")
    add_model(parser, "the model for a CSV of references (default efficientnet-lite0)")
    add_workers(parser)
    parser.add_argument("--table", type=Path, metavar="FILE.csv", help="write the accuracies as a table")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the accuracies as bars")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(run=run, reference_where=[], queries_where=[])


def run(options: argparse.Namespace) -> int:
    """Evaluate and return the exit code: 1 where queries could not be read."""
    from geolocdesk.evaluation.evaluate import evaluate
    from geolocdesk.evaluation.methods import chosen_methods
    from geolocdesk.evaluation.results import write_plot, write_table
    from geolocdesk.evaluation.test_set import check_exclude_same, read_test_set
    from geolocdesk.reference.sources.selection import Selection

    methods = chosen_methods(options.methods)
    check_exclude_same(options.exclude_same)
    queries = read_test_set(options.queries, Selection.parse(options.queries_where), options.exclude_same)
    with _references(options) as (pack, extractor):
        evaluation = evaluate(
            queries,
            pack,
            extractor,
            methods,
            clock=utc_now,
            exclude_same=options.exclude_same,
            workers=options.workers,
            progress=progress_reporter(),
        )
    for failure in evaluation.failures:
        say(f"{failure.path}: {failure.message}")
    if options.table:
        write_table(options.table, evaluation)
    if options.plot:
        write_plot(options.plot, evaluation)
    if options.json:
        write_json(evaluation.to_json())
    else:
        for line in evaluation.lines():
            write_result(line)
    return EXIT_SOME_FAILED if evaluation.failures else EXIT_OK


@contextmanager
def _references(options: argparse.Namespace) -> "Iterator[tuple[Pack, Extractor]]":
    """Yield the open pack and its extractor; a CSV is built into a pack that is removed afterwards."""
    from geolocdesk.errors import UsageError
    from geolocdesk.features.model_pack import ModelRecord, extractor_from_record
    from geolocdesk.reference.pack import open_pack

    if options.reference.is_dir():
        if options.reference_where:
            message = "--where after --reference needs a CSV; a pack is searched whole."
            raise UsageError(message)
        with open_pack(options.reference) as pack:
            record = ModelRecord.from_json(pack.manifest.model)
            extractor = extractor_from_record(record, pack.projection(), device=options.device)
            try:
                yield pack, extractor
            finally:
                extractor.close()
        return
    with tempfile.TemporaryDirectory(prefix="geolocdesk-") as folder:
        built = _build_from_table(options, Path(folder) / "references")
        with open_pack(built[0]) as pack:
            try:
                yield pack, built[1]
            finally:
                built[1].close()


def _build_from_table(options: argparse.Namespace, out: Path) -> "tuple[Path, Extractor]":
    """Describe the references of a CSV and return the pack's folder and its extractor, still loaded."""
    from geolocdesk.features.extractor import with_projection
    from geolocdesk.reference.build import BuildOptions, build_pack
    from geolocdesk.reference.opening import open_for_building
    from geolocdesk.reference.pack import open_pack
    from geolocdesk.reference.sources import open_source
    from geolocdesk.reference.sources.selection import Selection

    source = open_source(options.reference, "csv", Selection.parse(options.reference_where))
    opened = open_for_building(options.model, device=options.device)
    result = build_pack(
        source,
        out,
        extractor=opened.extractor,
        model=opened.record,
        projection=opened.projection,
        clock=utc_now,
        options=BuildOptions(workers=options.workers, thumbnails=False),
        progress=progress_reporter(),
    )
    for row in result.rejected:
        say(f"{row.file}: {row.reason}")
    with open_pack(out) as pack:
        projection = pack.projection()
    return out, with_projection(opened.extractor, projection) if projection else opened.extractor
