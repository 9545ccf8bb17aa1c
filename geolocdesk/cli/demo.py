"""``geolocdesk demo``: the practice world from drawing its photos to the finished case."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.cli.console import EXIT_OK, progress_reporter, say, utc_now, write_result
from geolocdesk.cli.options import default_workers
from geolocdesk.cli.window import add_screenshot, has_display, show_window
from geolocdesk.progress import ProgressCallback

if TYPE_CHECKING:
    from geolocdesk.analysis import Analysis, AnalysisFailure
    from geolocdesk.casefile.exhibit import CaseDetails
    from geolocdesk.practice.plan import PracticePhoto
    from geolocdesk.practice.prepared import PreparedPractice
    from geolocdesk.practice.world import PracticeWorld

PRACTICE_CASE = "practice.gldcase"
REPORT_PAGE = "map.html"
REPORT_PDF = "report.pdf"

_DEFAULT_OUTPUT = Path("demo-output")
_PRACTICE_TITLE = "Practice case (synthetic photos)"
_ACTOR = "geolocdesk demo"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "demo",
        help="show everything on drawn practice photos",
        description=(
            "Draw the practice world (synthetic photos whose places are known), build its reference pack, analyse "
            "its query photos and write the results. Nothing here shows a real place."
        ),
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=_DEFAULT_OUTPUT,
        metavar="DIR",
        help="where the results go (default demo-output)",
    )
    parser.add_argument("--no-window", action="store_true", help="write the results and end")
    add_screenshot(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the demo and return the exit code. The planted unreadable photo is expected and no failure."""
    from geolocdesk.paths import user_folders
    from geolocdesk.practice.pack import prepare_practice
    from geolocdesk.whole_file import make_folder

    progress = progress_reporter()
    prepared = prepare_practice(
        user_folders().practice, clock=utc_now, workers=default_workers(), progress=progress
    )
    make_folder(options.output)
    case = options.output / PRACTICE_CASE
    results = _analyse(prepared, options.output / "results.csv", case, progress)
    for line in describe(results, prepared.world):
        write_result(line)
    _write_reports(case, options.output, progress)
    say(f"Results are in {options.output}")
    if options.screenshot is not None or (has_display() and not options.no_window):
        return show_window(case=case, pack=prepared.pack, screenshot=options.screenshot)
    return EXIT_OK


def _analyse(
    prepared: "PreparedPractice", table: Path, case_file: Path, progress: ProgressCallback
) -> "list[Analysis | AnalysisFailure]":
    """Analyse the practice queries into a table and a new practice case, and return the results."""
    from geolocdesk.analysis import Analyser
    from geolocdesk.cli.case import utc_now as case_clock
    from geolocdesk.cli.case_recording import case_for_results, recorder
    from geolocdesk.cli.results_table import results_table
    from geolocdesk.estimation.location import EstimationParameters

    parameters = EstimationParameters()
    results: list[Analysis | AnalysisFailure] = []
    _remove_earlier_practice_case(case_file)
    with (
        Analyser.open(prepared.pack) as analyser,
        case_for_results(case_file, actor=_ACTOR, clock=case_clock, details=_details()) as case,
        results_table(table) as add_to_table,
    ):
        record = recorder(case, analyser.pack, parameters)
        for result in analyser.analyse_photos(
            prepared.queries, parameters, clock=utc_now, thumbnails=True, progress=progress
        ):
            record(result)
            add_to_table(result)
            results.append(result)
    return results


def _write_reports(case_file: Path, folder: Path, progress: ProgressCallback) -> None:
    """Write the reports on the practice case beside it."""
    from geolocdesk.casefile.opening import read_case
    from geolocdesk.reporting.formats import HTML, PDF

    with read_case(case_file) as case:
        PDF.load()(case, folder / REPORT_PDF, progress=progress)
        HTML.load()(case, folder / REPORT_PAGE, progress=progress)


def _details() -> "CaseDetails":
    from geolocdesk.casefile.exhibit import CaseDetails

    return CaseDetails(
        title=_PRACTICE_TITLE,
        examiner=_ACTOR,
        remarks="Every photo and every reference in this case is drawn. Nothing here shows a real place.",
    )


def _remove_earlier_practice_case(path: Path) -> None:
    """Remove the case of an earlier demo, which this run makes again. Raises CaseError for any other file."""
    from geolocdesk.casefile.opening import read_case
    from geolocdesk.errors import CaseError

    if not path.exists():
        return
    with read_case(path) as case:
        title = case.details().title
    if title != _PRACTICE_TITLE:
        message = f"{path} is another case, “{title}”; choose another --output for the demo."
        raise CaseError(message)
    path.unlink()


_LESSONS = {
    "new_place": "a place no reference shows",
    "other_heading": "a known place, looking elsewhere",
    "copy": "a re-shared copy of a reference",
    "no_gps": "a known place, no GPS in the file",
    "planted_gps": "a known place, false GPS planted",
}


def describe(results: "Sequence[Analysis | AnalysisFailure]", world: "PracticeWorld") -> "Iterator[str]":
    """Yield the practice answers beside the truth, and how often each kind of photo was located."""
    from geolocdesk.analysis import AnalysisFailure

    truths = {(world.folder / photo.file).resolve(): photo for photo in world.photos}
    yield "Practice world: synthetic photos with known places. The leads, and how far off they are:"
    yield f"{'photo':<28}{'shows':<34}{'lead':>20}{'off by':>12}{'EXIF off':>12}"
    errors: dict[str, list[float]] = {}
    for result in results:
        if isinstance(result, AnalysisFailure):
            yield f"{result.path.name:<28}{'no readable photo (planted)':<34}{'—':>20}  {result.kind}"
            continue
        truth = truths[result.evidence.path.resolve()]
        error_km = _error_km(result, truth)
        errors.setdefault(truth.lesson, []).append(error_km)
        lead = f"{result.estimate.position.latitude:.2f}, {result.estimate.position.longitude:.2f}"
        yield (
            f"{result.evidence.path.name:<28}{_LESSONS[truth.lesson]:<34}{lead:>20}"
            f"{f'{error_km:,.0f} km':>12}{_exif_error(result, truth):>12}"
        )
    yield ""
    yield f"{'kind of photo':<36}{'photos':>7}{'≤ 25 km':>9}{'≤ 200 km':>10}{'≤ 750 km':>10}{'≤ 2500 km':>11}"
    for lesson, found in errors.items():
        shares = (sum(error <= radius for error in found) for radius in (25, 200, 750, 2500))
        yield f"{_LESSONS[lesson]:<36}{len(found):>7}" + "".join(
            f"{count:>{width}}" for count, width in zip(shares, (9, 10, 10, 11), strict=True)
        )


def _error_km(result: "Analysis", truth: "PracticePhoto") -> float:
    from geolocdesk.geodesy import great_circle_km

    lead, place = result.estimate.position, truth.position
    return float(great_circle_km(lead.latitude, lead.longitude, place.latitude, place.longitude))


def _exif_error(result: "Analysis", truth: "PracticePhoto") -> str:
    from geolocdesk.geodesy import great_circle_km
    from geolocdesk.unavailable import Unavailable

    claimed, place = result.evidence.exif.position, truth.position
    if isinstance(claimed, Unavailable):
        return "no GPS"
    distance = great_circle_km(claimed.latitude, claimed.longitude, place.latitude, place.longitude)
    return f"{float(distance):,.0f} km"
