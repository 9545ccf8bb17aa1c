"""``geolocdesk analyse``: photos in, one answer a photo out."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.cli.case import add_examiner
from geolocdesk.cli.conditions import add_search_conditions, exclusions_of
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
    add_model,
    add_workers,
    chosen_numbers,
    non_negative_float,
    positive_float,
    positive_int,
)
from geolocdesk.errors import UsageError

if TYPE_CHECKING:
    from geolocdesk.analysis import Analysis, AnalysisFailure
    from geolocdesk.estimation.location import EstimationParameters
    from geolocdesk.reference.pack import Pack

ESTIMATORS = ("sphere", "vo2017", "nearest", "classes", "fused", "geoclip")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "analyse",
        help="estimate where photos were taken",
        description="Estimate where photos were taken, from their nearest neighbours in a reference pack.",
    )
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO|FOLDER")
    parser.add_argument("--reference", required=True, type=Path, metavar="PACK", help="the reference pack")
    add_model(parser, "another model than the pack's own (must have the same identity)")
    parser.add_argument("--json", action="store_true", help="one JSON line a photo on standard output")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write a table")
    parser.add_argument(
        "--case", type=Path, metavar="FILE", help="keep the results in this case, made where it is missing"
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE.pdf",
        help="write the report of these results, or of the whole --case",
    )
    add_examiner(parser)
    parser.add_argument(
        "--neighbours",
        type=positive_int,
        metavar="K",
        help="how many vote (default 100; for geoclip 1000)",
    )
    parser.add_argument(
        "--exponent",
        type=non_negative_float,
        metavar="M",
        help="how sharply the weight falls with distance (default 10; for geoclip the model's own)",
    )
    parser.add_argument(
        "--bandwidth-deg",
        type=positive_float,
        metavar="SIGMA",
        help="width of the kernel in degrees of arc (default 4; for fused 1)",
    )
    parser.add_argument(
        "--estimator",
        choices=ESTIMATORS,
        help="how the place is worked out (default sphere; for a pack whose model has classes fused, for one of "
        "GeoCLIP's places geoclip)",
    )
    parser.add_argument(
        "--cells",
        type=positive_int,
        metavar="N",
        help="for --estimator classes: only the head with N cells (default all of the model's, combined)",
    )
    add_search_conditions(parser)
    add_workers(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Analyse the photos and return the exit code."""
    from geolocdesk.analysis import Analyser
    from geolocdesk.evidence.intake import expand_paths

    exclusions = exclusions_of(options)
    paths = list(expand_paths(options.photos))
    if not paths:
        message = "There is no photo in what was named; name photos, or folders that hold some."
        raise UsageError(message)
    with Analyser.open(
        options.reference, model=options.model, device=options.device, workers=options.workers
    ) as analyser:
        parameters = _parameters(options, analyser.pack)
        results = analyser.analyse_photos(
            paths,
            parameters,
            clock=utc_now,
            exclusions=exclusions,
            thumbnails=options.case is not None or options.report is not None,
            progress=progress_reporter(),
        )
        with _case_file(options) as case_file:
            if case_file is not None:
                results = _kept_in_case(results, analyser.pack, case_file, options, parameters)
            code = report_results(results, as_json=options.json, table=options.csv)
            if case_file is not None and options.report is not None:
                _write_report(case_file, options.report)
            return code


@contextmanager
def _case_file(options: argparse.Namespace) -> "Iterator[Path | None]":
    """Give the case that keeps the results: the one named, one for the report alone, or none."""
    if options.case is not None or options.report is None:
        yield options.case
        return
    with tempfile.TemporaryDirectory(prefix="geolocdesk-") as folder:
        yield Path(folder) / f"{options.report.stem}.gldcase"


def _write_report(case_file: Path, report: Path) -> None:
    from geolocdesk.casefile.opening import read_case
    from geolocdesk.reporting.formats import PDF

    with read_case(case_file) as case:
        PDF.load()(case, report, progress=progress_reporter())


def _kept_in_case(
    results: "Iterator[Analysis | AnalysisFailure]",
    pack: "Pack",
    case_file: Path,
    options: argparse.Namespace,
    parameters: "EstimationParameters",
) -> "Iterator[Analysis | AnalysisFailure]":
    """Yield every result once it is durable in the case."""
    from geolocdesk.cli.case import actor_of
    from geolocdesk.cli.case import utc_now as case_clock
    from geolocdesk.cli.case_recording import case_for_results, recorder

    with case_for_results(case_file, actor=actor_of(options), clock=case_clock) as case:
        record = recorder(case, pack, parameters)
        for result in results:
            record(result)
            yield result


def _parameters(options: argparse.Namespace, pack: "Pack") -> "EstimationParameters":
    """Return what was chosen, and for the rest what is usual with the pack's model."""
    from geolocdesk.estimation.usual import usual_parameters

    usual = usual_parameters(options.estimator, pack.softmax_scale, has_classes=pack.manifest.has_classes)
    return replace(chosen_numbers(options, usual), cells=options.cells)


def report_results(
    results: "Iterator[Analysis | AnalysisFailure]", *, as_json: bool, table: Path | None
) -> int:
    """Print every result as it comes, write the table whole or not at all, and return the exit code."""
    from geolocdesk.analysis import AnalysisFailure
    from geolocdesk.cli.results_table import results_table

    failed = 0
    with results_table(table) as add_to_table:
        try:
            for result in results:
                add_to_table(result)
                failed += isinstance(result, AnalysisFailure)
                _print_result(result, as_json=as_json)
        except KeyboardInterrupt:
            # leaving the table's block in the ordinary way keeps the rows that are finished
            say("Stopped; the photos that were finished are kept.")
            return EXIT_SOME_FAILED
    return EXIT_SOME_FAILED if failed else EXIT_OK


def _print_result(result: "Analysis | AnalysisFailure", *, as_json: bool) -> None:
    from geolocdesk.analysis import AnalysisFailure
    from geolocdesk.cli.analysis_json import document_of

    if isinstance(result, AnalysisFailure):
        say(f"{result.path}: {result.message}")
    if as_json:
        write_json(document_of(result))
    elif not isinstance(result, AnalysisFailure):
        write_result(describe(result))


def describe(analysis: "Analysis") -> str:
    """Return an analysis in a few lines for a reader."""
    from geolocdesk.estimation.location import resembles_nothing
    from geolocdesk.unavailable import Unavailable

    lines = [
        f"{analysis.evidence.path}",
        f"  lead        {analysis.estimate.position.latitude:.5f}, {analysis.estimate.position.longitude:.5f}",
    ]
    for answer in analysis.estimate.levels:
        calibration = answer.calibration
        calibrated = (
            "not calibrated"
            if isinstance(calibration, Unavailable)
            else f"calibrated on {calibration.photos:,} photos"
        )
        lines.append(
            f"  {answer.level.name:<11} {answer.position.latitude:9.4f}, {answer.position.longitude:9.4f}"
            f"  within {answer.level.radius_km:g} km: {answer.probability:6.1%} ({calibrated})"
        )
    lines.extend(
        f"  {region.mass:.0%} region  {region.area_km2:,.0f} km²" for region in analysis.estimate.regions
    )
    familiarity = analysis.estimate.familiarity
    if resembles_nothing(familiarity):
        lines.append(
            f"  WARNING     resembles nothing in the pack: further from its neighbours than "
            f"{familiarity.share_nearer:.0%} of the {familiarity.photos:,} photos calibrated on"
        )
    nearest = analysis.neighbours.items[0]
    lines.append(f"  nearest     {nearest.reference.reference_id} at distance {nearest.distance:.4f}")
    searched = analysis.neighbours.limits_text()
    if searched:
        lines.append(f"  searched    {searched}")
    distance = analysis.exif_distance_km
    exif = str(distance) if isinstance(distance, Unavailable) else f"{distance:,.1f} km from the lead"
    lines.append(f"  EXIF GPS    {exif}")
    return "\n".join(lines)
