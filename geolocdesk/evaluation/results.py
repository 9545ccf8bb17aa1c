"""An evaluation written down: tables like the paper's, and what was answered to every query."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import LEVELS
from geolocdesk.evaluation.continents import ContinentAccuracy
from geolocdesk.evaluation.evaluate import Evaluation, MethodResult
from geolocdesk.evaluation.metrics import Accuracy
from geolocdesk.evaluation.published import PUBLISHED, Percents, PublishedTable
from geolocdesk.evaluation.reliability import Reliability
from geolocdesk.unavailable import Unavailable
from geolocdesk.whole_file import whole_file

TABLE_SUFFIXES = (".csv", ".md", ".txt")

_PUBLISHED_NOTE = (
    "Published figures, on the test sets named: other photos, models and references than those measured here."
)


def check_table(path: Path) -> None:
    """Raise UsageError unless the name's ending is that of a table that can be written."""
    if path.suffix.lower() not in TABLE_SUFFIXES:
        message = f"The table {path} needs a name ending in {', '.join(TABLE_SUFFIXES)}."
        raise UsageError(message)


def write_table(path: Path, evaluation: Evaluation) -> None:
    """Write the accuracies with their intervals, and published figures marked as such: CSV, Markdown or text.

    Raises OutputError or UsageError.
    """
    check_table(path)
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        if path.suffix.lower() == ".csv":
            _write_csv(stream, evaluation)
            return
        lines = markdown_lines(evaluation) if path.suffix.lower() == ".md" else text_lines(evaluation)
        stream.writelines(f"{line}\n" for line in lines)
        if path.suffix.lower() == ".txt":
            stream.writelines(f"{line}\n" for line in published_lines())


def _write_csv(stream: TextIO, evaluation: Evaluation) -> None:
    writer = csv.writer(stream)
    header = ["method", "queries", "references"]
    for level in LEVELS:
        name = f"{level.radius_km:g}_km"
        header += [f"{name}_percent", f"{name}_low", f"{name}_high"]
    writer.writerow([*header, "system", "source", "test_set"])
    references = {system.name: system.references for system in evaluation.systems}
    for result in evaluation.results:
        accuracy = result.accuracy
        row: list[object] = [accuracy.method, accuracy.queries, references[result.system]]
        for percent, (low, high) in zip(accuracy.accuracy_percent, accuracy.interval_percent, strict=True):
            row += [f"{value:.2f}" for value in (percent, low, high)]
        writer.writerow([*row, result.system, "measured", "these queries"])
    for table in PUBLISHED:
        for found in table.results:
            row = [found.method, "", found.references]
            for value in found.percent:
                row += ["" if value is None else f"{value:.1f}", "", ""]
            writer.writerow([*row, "", "published", table.test_set])


def text_lines(evaluation: Evaluation) -> Iterator[str]:
    """Yield the accuracies of every system for a reader."""
    for number, system in enumerate(evaluation.systems):
        if number:
            yield ""
        if len(evaluation.systems) > 1:
            yield f"{system.name}: {system.references:,} references, {system.extractor_id}"
        yield _head("% right within")
        for result in _of(evaluation, system.name):
            yield from _accuracy_lines(result.method, result.accuracy)
        for result in _of(evaluation, system.name):
            yield from reliability_lines(result)
    yield from _difference_lines(evaluation)


def _difference_lines(evaluation: Evaluation) -> Iterator[str]:
    if not evaluation.differences:
        return
    several = len(evaluation.systems) > 1
    yield ""
    yield _head("points of difference").removesuffix("    queries")
    for difference in evaluation.differences:
        names = (difference.result, difference.versus)
        first, second = names if several else (name.rpartition(" · ")[2] for name in names)
        yield f"{first} − {second}"
        yield f"{'':<22}{''.join(f'{value:+12.1f}' for value in difference.points)}"
        spread = (f"{low:+.1f}…{high:+.1f}" for low, high in difference.interval_points)
        yield f"{'  95 %':<22}{''.join(f'{text:>12}' for text in spread)}"


def _of(evaluation: Evaluation, system: str) -> list[MethodResult]:
    return [result for result in evaluation.results if result.system == system]


def _head(title: str) -> str:
    return f"{title:<22}{''.join(f'{level.radius_km:>9g} km' for level in LEVELS)}    queries"


def _accuracy_lines(name: str, accuracy: Accuracy) -> Iterator[str]:
    values = "".join(f"{percent:12.1f}" for percent in accuracy.accuracy_percent)
    yield f"{name:<22}{values}    {accuracy.queries:7d}"
    spread = "".join(f"{f'{low:.1f}–{high:.1f}':>12}" for low, high in accuracy.interval_percent)
    yield f"{'  95 %':<22}{spread}"


def reliability_lines(result: MethodResult) -> Iterator[str]:
    """Yield how far a result's probabilities are off, where it has any."""
    if not result.reliabilities:
        return
    kind = "calibrated probabilities" if result.calibrated else "shares of the evidence (not calibrated)"
    yield f"{result.method}, {kind}"
    yield f"{'  said, %':<22}{''.join(f'{100 * found.mean_probability:12.1f}' for found in result.reliabilities)}"
    errors = "".join(f"{found.expected_calibration_error:12.3f}" for found in result.reliabilities)
    yield f"{'  off by':<22}{errors}"
    by_chance = "".join(f"{found.expected_by_chance:12.3f}" for found in result.reliabilities)
    yield f"{'  by chance':<22}{by_chance}"
    yield f"{'  95 %':<22}{''.join(map(_interval_text, result.reliabilities))}"


def _interval_text(found: Reliability) -> str:
    low, high = found.interval
    return f"{f'{low:.3f}–{high:.3f}':>12}"


def continent_lines(accuracies: Sequence[ContinentAccuracy]) -> Iterator[str]:
    """Yield the accuracies by continent for a reader."""
    several = len({found.system for found in accuracies}) > 1
    for continent in sorted({found.continent for found in accuracies}):
        yield ""
        yield _head(continent)
        for found in accuracies:
            if found.continent == continent:
                name = f"{found.system} · {found.accuracy.method}" if several else found.accuracy.method
                yield from _accuracy_lines(name, found.accuracy)


def published_lines() -> Iterator[str]:
    """Yield the published figures for a reader."""
    yield ""
    yield _PUBLISHED_NOTE
    for table in PUBLISHED:
        yield ""
        yield f"{f'published: {table.test_set}':<44}{''.join(f'{level.radius_km:>9g} km' for level in LEVELS)}"
        for found in table.results:
            name = f"{found.method}, {found.references}" if found.references else found.method
            yield f"{name:<44}{''.join(f'{_percent_text(value):>12}' for value in found.percent)}"


def markdown_lines(evaluation: Evaluation) -> Iterator[str]:
    """Yield Markdown tables of what was measured and of what was published."""
    references = {system.name: system.references for system in evaluation.systems}
    yield "Measured: per cent of the queries right, with the 95 % interval (bootstrap over places)."
    yield ""
    yield from _markdown_head("system", "method", "references", "queries")
    for result in evaluation.results:
        accuracy = result.accuracy
        cells = [
            f"{percent:.1f} ({low:.1f}–{high:.1f})"
            for percent, (low, high) in zip(accuracy.accuracy_percent, accuracy.interval_percent, strict=True)
        ]
        yield _markdown_row(
            result.system, result.method, f"{references[result.system]:,}", f"{accuracy.queries:,}", *cells
        )
    yield ""
    yield _PUBLISHED_NOTE
    for table in PUBLISHED:
        yield ""
        yield f"Published: {table.test_set}."
        yield ""
        yield from _published_markdown(table)


def _published_markdown(table: PublishedTable) -> Iterator[str]:
    yield from _markdown_head("method", "references")
    for found in table.results:
        yield _markdown_row(found.method, found.references or "–", *_percent_texts(found.percent))


def _markdown_head(*names: str) -> Iterator[str]:
    levels = [f"{level.radius_km:g} km" for level in LEVELS]
    yield _markdown_row(*names, *levels)
    yield "|" + "---|" * len(names) + "---:|" * len(levels)


def _markdown_row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _percent_texts(percent: Percents) -> list[str]:
    return [_percent_text(value) for value in percent]


def _percent_text(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


PREDICTION_COLUMNS = (
    "file",
    "system",
    "method",
    "level",
    "true_latitude",
    "true_longitude",
    "latitude",
    "longitude",
    "error_km",
    "probability",
    "calibrated",
)


def write_predictions(path: Path, evaluation: Evaluation) -> None:
    """Write one row a query and method, or one a level where a method answers the levels apart, as CSV.

    Raises OutputError.
    """
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(PREDICTION_COLUMNS)
        for result in evaluation.results:
            for row in range(len(result.queries)):
                writer.writerows(_prediction_rows(result, row))


def _prediction_rows(result: MethodResult, row: int) -> Iterator[list[object]]:
    query, positions = result.queries[row], result.positions[row]
    together = len(set(positions)) == 1 and result.probabilities is None
    for number, level in enumerate(LEVELS[:1] if together else LEVELS):
        probability: object = Unavailable.NOT_AVAILABLE
        if result.probabilities is not None:
            probability = repr(float(result.probabilities[row, number]))
        yield [
            query.file,
            result.system,
            result.method,
            "all" if together else level.name,
            query.position.latitude,
            query.position.longitude,
            positions[number].latitude,
            positions[number].longitude,
            f"{result.errors_km[row, number]:.3f}",
            probability,
            "yes" if result.calibrated else "no",
        ]
