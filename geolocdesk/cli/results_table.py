"""The results of a batch as a CSV file that appears whole or not at all."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from geolocdesk.analysis import Analysis, AnalysisFailure
from geolocdesk.cli.analysis_json import CSV_COLUMNS, csv_row_of
from geolocdesk.whole_file import whole_file

AddResult = Callable[[Analysis | AnalysisFailure], None]


@contextmanager
def results_table(path: Path | None) -> Iterator[AddResult]:
    """Give a function that adds a photo's row to the table at ``path``; without a path it does nothing.

    Raises OutputError.
    """
    if path is None:
        yield _write_nothing
        return
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, CSV_COLUMNS)
        writer.writeheader()

        def add(result: Analysis | AnalysisFailure) -> None:
            writer.writerow(csv_row_of(result))
            stream.flush()

        yield add


def _write_nothing(_result: Analysis | AnalysisFailure) -> None:
    return
