"""``geolocdesk evaluate``: accuracy at 1, 25, 200, 750 and 2500 km on photos whose place is known."""

import argparse
from collections.abc import Iterator
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
from geolocdesk.cli.options import TableAction, TablesAction, WhereAction, add_workers

if TYPE_CHECKING:
    from geolocdesk.evaluation.continents import ContinentAccuracy
    from geolocdesk.evaluation.evaluate import Evaluation
    from geolocdesk.geodesy import Position

_METHOD_NAMES = "london, constant, random, nearest, knn-1, knn-4, knn-16, vo2017, levels, fused, class-levels, geoclip, classes"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "evaluate",
        help="measure accuracy on photos whose place is known",
        description=(
            "Measure how often each method is right at 1, 25, 200, 750 and 2500 km. --where selects rows of the "
            "table named just before it, so that one CSV can be split: "
            "--reference all.csv --where split=reference --queries all.csv --where split=query. Several "
            "--reference, and for tables several --model, are measured on the same queries, which each model "
            "describes once."
        ),
    )
    parser.add_argument(
        "--reference",
        required=True,
        action=TablesAction,
        metavar="PACK|CSV",
        help="a pack, or a CSV of photos to be described first; may be repeated",
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
    parser.add_argument(
        "--methods",
        metavar="LIST",
        help=f"comma-separated, of {_METHOD_NAMES} (all heads and their combination) and classes-N; default all",
    )
    parser.add_argument(
        "--versus",
        metavar="METHOD",
        help="also give each result's difference from this method, query by query, with its interval",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=2017,
        metavar="S",
        help="draws intervals and random references (default 2017)",
    )
    parser.add_argument(
        "--model",
        action="append",
        metavar="MODEL",
        help="a model for a CSV of references (default efficientnet-lite0); may be repeated",
    )
    add_workers(parser)
    parser.add_argument(
        "--table", type=Path, metavar="FILE", help="write a table: .csv, .md or .txt, with published figures"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the accuracies as bars: .png, .svg or .pdf"
    )
    parser.add_argument(
        "--curve", type=Path, metavar="FILE", help="draw how many queries are located within each distance"
    )
    parser.add_argument(
        "--predictions",
        type=Path,
        metavar="FILE.csv",
        help="write every answer to every query beside the truth",
    )
    parser.add_argument("--by-continent", action="store_true", help="also give the accuracies by continent")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(run=run, queries_where=[])


def run(options: argparse.Namespace) -> int:
    """Evaluate and return the exit code: 1 where queries could not be read."""
    from geolocdesk.evaluation.evaluate import combine, evaluate_system
    from geolocdesk.evaluation.methods import check_methods
    from geolocdesk.evaluation.test_set import check_exclude_same, read_test_set
    from geolocdesk.evaluation.workbench import Workbench
    from geolocdesk.reference.sources.selection import Selection

    names = check_methods(options.methods)
    check_exclude_same(options.exclude_same)
    _check_outputs(options)
    queries = read_test_set(options.queries, Selection.parse(options.queries_where), options.exclude_same)
    evaluations = []
    with Workbench(
        queries,
        names,
        seed=options.seed,
        device=options.device,
        workers=options.workers,
        clock=utc_now,
        progress=progress_reporter(),
    ) as bench:
        for reference in options.reference:
            for described, system in bench.systems(
                reference.path, Selection.parse(reference.where), options.model or []
            ):
                evaluations.append(
                    evaluate_system(
                        described,
                        system,
                        exclude_same=options.exclude_same,
                        seed=options.seed,
                        progress=progress_reporter(),
                    )
                )
    for remark in bench.remarks:
        say(remark)
    evaluation = combine(evaluations, versus=options.versus, seed=options.seed)
    for failure in evaluation.failures:
        say(f"{failure.path}: {failure.message}")
    _write(options, evaluation)
    return EXIT_SOME_FAILED if evaluation.failures else EXIT_OK


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse a file name before the work, not after it. Raises UsageError."""
    from geolocdesk.evaluation.plots import check_plot
    from geolocdesk.evaluation.results import check_table

    if options.table:
        check_table(options.table)
    for path in (options.plot, options.curve):
        if path:
            check_plot(path)


def _write(options: argparse.Namespace, evaluation: "Evaluation") -> None:
    from geolocdesk.evaluation.plots import write_accuracy_plot, write_curve_plot
    from geolocdesk.evaluation.results import write_predictions, write_table

    if options.table:
        write_table(options.table, evaluation)
    if options.plot:
        write_accuracy_plot(options.plot, evaluation)
    if options.curve:
        write_curve_plot(options.curve, evaluation)
    if options.predictions:
        write_predictions(options.predictions, evaluation)
    continents = _by_continent(evaluation, options.seed) if options.by_continent else ()
    if options.json:
        document = evaluation.to_json()
        if continents:
            document["continents"] = [found.to_json() for found in continents]
        write_json(document)
        return
    for line in _lines(evaluation, continents):
        write_result(line)


def _lines(evaluation: "Evaluation", continents: "tuple[ContinentAccuracy, ...]") -> Iterator[str]:
    from geolocdesk.evaluation.results import continent_lines, text_lines

    yield from text_lines(evaluation)
    yield from continent_lines(continents)


def _by_continent(evaluation: "Evaluation", seed: int) -> "tuple[ContinentAccuracy, ...]":
    from geolocdesk.evaluation.continents import by_continent

    return by_continent(evaluation, _country_of, seed=seed)


def _country_of(position: "Position") -> str:
    from geolocdesk.cartography.place_names import find_place

    return find_place(position).town.country_code
