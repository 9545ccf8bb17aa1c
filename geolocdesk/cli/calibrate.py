"""``geolocdesk calibrate``: make a pack's probabilities mean what they say, and have it warn of foreign photos."""

import argparse
from dataclasses import replace
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
from geolocdesk.cli.options import (
    TableAction,
    WhereAction,
    add_workers,
    chosen_numbers,
    non_negative_float,
    positive_float,
    positive_int,
)

if TYPE_CHECKING:
    from geolocdesk.estimation.location import EstimationParameters, EstimatorName
    from geolocdesk.evaluation.calibrate import CalibrationFit, HeldOut
    from geolocdesk.evaluation.describing import DescribedQueries
    from geolocdesk.provenance import JsonValue
    from geolocdesk.reference.pack import Pack

NEIGHBOUR_ESTIMATORS: "tuple[EstimatorName, ...]" = ("sphere", "vo2017", "nearest")
CLASSES, FUSED, GEOCLIP = "classes", "fused", "geoclip"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "calibrate",
        help="fit a pack's probabilities on photos of known places",
        description=(
            "Fit the probability at each level on photos whose place is known and which the pack does not hold, and "
            "keep it with the pack: answers with the same parameters then say “calibrated on N photos”, and photos "
            "that resemble nothing in the pack are named. Queries whose photo, place or near-copy is in the pack are "
            "left out; with --exclude-same place each query is searched without its own place instead."
        ),
    )
    parser.add_argument("--reference", required=True, type=Path, metavar="PACK", help="the reference pack")
    parser.add_argument("--queries", required=True, action=TableAction, metavar="CSV")
    parser.add_argument(
        "--where",
        action=WhereAction,
        metavar="COLUMN=VALUE[,VALUE…]",
        help="take only these rows of the queries",
    )
    parser.add_argument(
        "--exclude-same",
        metavar="COLUMN",
        help="leave out references that share the query's id, place or photographer",
    )
    parser.add_argument(
        "--estimator",
        action="append",
        choices=(*NEIGHBOUR_ESTIMATORS, CLASSES, FUSED, GEOCLIP),
        help="the estimator to calibrate; may be repeated (default all that the pack's model has)",
    )
    parser.add_argument(
        "--cells",
        type=positive_int,
        metavar="N",
        help="for classes: the head of N cells (default all combined)",
    )
    parser.add_argument("--neighbours", type=positive_int, metavar="K", help="default 100; for geoclip 1000")
    parser.add_argument(
        "--exponent", type=non_negative_float, metavar="M", help="default 10; for geoclip the model's own"
    )
    parser.add_argument(
        "--bandwidth-deg", type=positive_float, metavar="SIGMA", help="default 4; for fused 1"
    )
    add_workers(parser)
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.png", help="draw the reliability diagram (PNG, SVG or PDF)"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say how well the probabilities hold, and keep nothing"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(run=run, queries_where=[])


def run(options: argparse.Namespace) -> int:
    """Calibrate the pack and return the exit code: 1 where queries could not be read."""
    from geolocdesk.evaluation.calibrate import fit_calibration
    from geolocdesk.evaluation.plots import check_plot, write_reliability_plot
    from geolocdesk.features.model_pack import ModelRecord, class_heads_of
    from geolocdesk.reference.calibration_file import add_calibration
    from geolocdesk.reference.pack import open_pack

    if options.plot:
        check_plot(options.plot)
    with open_pack(options.reference) as pack:
        heads = class_heads_of(ModelRecord.from_json(pack.manifest.model))
        wanted = _parameters(options, pack, has_classes=heads is not None)
        described, held_out = _held_out(options, pack, max(parameters.neighbours for parameters in wanted))
        fits = [
            fit_calibration(
                held_out,
                parameters,
                pack_id=pack.pack_id,
                source=_source_name(options),
                made=_made(options),
                heads=heads,
                progress=progress_reporter(),
            )
            for parameters in wanted
        ]
    if options.plot:
        write_reliability_plot(options.plot, fits)
    if not options.dry_run:
        for fit in fits:
            add_calibration(options.reference, fit.content)
    for failure in described.failures:
        say(f"{failure.path}: {failure.message}")
    _report(options, described, held_out, fits)
    return EXIT_SOME_FAILED if described.failures else EXIT_OK


def _held_out(
    options: argparse.Namespace, pack: "Pack", neighbours: int
) -> "tuple[DescribedQueries, HeldOut]":
    """Return the queries, described, and those of them that the pack does not know."""
    from geolocdesk.evaluation.calibrate import hold_out
    from geolocdesk.evaluation.describing import describe_queries
    from geolocdesk.evaluation.searching import vectors_for
    from geolocdesk.evaluation.test_set import check_exclude_same, read_test_set
    from geolocdesk.features.model_pack import ModelRecord, extractor_from_record
    from geolocdesk.reference.sources.selection import Selection

    check_exclude_same(options.exclude_same)
    queries = read_test_set(options.queries, Selection.parse(options.queries_where), options.exclude_same)
    record = ModelRecord.from_json(pack.manifest.model)
    extractor = extractor_from_record(record, None, device=options.device)
    try:
        described = describe_queries(
            queries, extractor, clock=utc_now, workers=options.workers, progress=progress_reporter()
        )
        vectors = vectors_for(pack, described.vectors, extractor)
    finally:
        extractor.close()
    held_out = hold_out(
        described,
        vectors,
        pack,
        neighbours=neighbours,
        exclude_same=options.exclude_same,
        progress=progress_reporter(),
    )
    return described, held_out


def _parameters(
    options: argparse.Namespace, pack: "Pack", *, has_classes: bool
) -> "list[EstimationParameters]":
    """Return what was chosen, and for the rest what is usual with the pack's model."""
    from geolocdesk.estimation.usual import usual_parameters

    every = (*NEIGHBOUR_ESTIMATORS, CLASSES, FUSED) if has_classes else NEIGHBOUR_ESTIMATORS
    suitable = every if pack.softmax_scale is None else (GEOCLIP,)
    found = []
    for estimator in dict.fromkeys(options.estimator or suitable):
        usual = usual_parameters(estimator, pack.softmax_scale)
        cells = options.cells if estimator == CLASSES else None
        found.append(replace(chosen_numbers(options, usual), cells=cells))
    return found


def _source_name(options: argparse.Namespace) -> str:
    where = ", ".join(options.queries_where)
    return f"{options.queries.name}{f' ({where})' if where else ''}"


def _made(options: argparse.Namespace) -> "dict[str, JsonValue]":
    from geolocdesk.provenance import sha256_of_file

    return {
        "made_at": utc_now(),
        "queries_sha256": sha256_of_file(options.queries),
        "exclude_same": options.exclude_same,
    }


def _report(
    options: argparse.Namespace,
    described: "DescribedQueries",
    held_out: "HeldOut",
    fits: "list[CalibrationFit]",
) -> None:
    places = len({query.group for query in held_out.queries})
    if options.json:
        left_out: dict[str, JsonValue] = {
            known.name.lower(): count for known, count in held_out.left_out.items()
        }
        fitted: list[JsonValue] = [fit.to_json() for fit in fits]
        write_json(
            {
                "pack": str(options.reference),
                "photos": len(held_out.queries),
                "places": places,
                "left_out": left_out,
                "failed": [
                    {"file": str(failure.path), "error": {"kind": failure.kind, "message": failure.message}}
                    for failure in described.failures
                ],
                "kept": not options.dry_run,
                "calibrations": fitted,
            }
        )
        return
    done = "would be calibrated" if options.dry_run else "calibrated"
    write_result(f"{options.reference}: {done} on {len(held_out.queries):,} photos of {places:,} places")
    for known, count in held_out.left_out.items():
        if count:
            write_result(f"  {count:,} photos left out: {known.value}")
    for fit in fits:
        write_result("")
        for line in fit.lines():
            write_result(line)
