"""The row that an analysis becomes in a table."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from geolocdesk.cli.analysis_json import CSV_COLUMNS, csv_row_of
from geolocdesk.estimation.location import CellProbabilities
from tests.doubles.analyses import make_analysis, make_failure


def test_an_answer_from_classes_names_its_three_most_probable_cells() -> None:
    analysis = make_analysis(path=Path("/evidence/beach.jpg"))
    bounds = np.array([[0.0, 10.0, 20.0, 40.0], [-5.0, 0.0, 20.0, 40.0], [10, 30, 20, 40], [30, 90, 20, 40]])
    cells = CellProbabilities(bounds, np.array([0.5, 0.2, 0.1, 0.05]), cells=9)
    row = csv_row_of(replace(analysis, estimate=replace(analysis.estimate, cells=cells)))
    assert tuple(row) == CSV_COLUMNS
    assert (row["cell_1_latitude"], row["cell_1_longitude"], row["cell_1_probability"]) == (
        "5.0",
        "30.0",
        "0.5",
    )
    assert row["cell_2_latitude"].lstrip("'") == "-2.5"
    assert row["cell_3_probability"] == "0.1"
    assert "cell_4_latitude" not in row


def test_what_there_is_no_cell_for_is_not_available() -> None:
    two = CellProbabilities(np.array([[0.0, 10.0, 20.0, 40.0]] * 2), np.array([0.6, 0.4]), cells=2)
    analysis = make_analysis(path=Path("/evidence/beach.jpg"))
    assert csv_row_of(analysis)["cell_1_latitude"] == "not available"
    row = csv_row_of(replace(analysis, estimate=replace(analysis.estimate, cells=two)))
    assert row["cell_2_probability"] == "0.4"
    assert row["cell_3_probability"] == "not available"
    assert csv_row_of(make_failure(Path("/evidence/beach.jpg")))["cell_1_probability"] == "not available"
