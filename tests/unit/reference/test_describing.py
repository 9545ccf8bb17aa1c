"""From rows to described batches."""

from pathlib import Path

import pytest

from geolocdesk.evidence.intake import Intake
from geolocdesk.reference import describing
from geolocdesk.reference.describing import describe_rows
from geolocdesk.reference.sources import open_source
from tests.doubles.extractor import HistogramExtractor
from tests.unit.reference.sources.photos import jpeg


@pytest.mark.parametrize("most_rejected", [1, 3, 10_000])
def test_long_runs_of_rejected_rows_are_recorded_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_rejected: int
) -> None:
    monkeypatch.setattr(describing, "_MOST_REJECTED", most_rejected)
    rows = [f"{number}.jpg,{95 if number % 5 else 1},2" for number in range(30)]
    for number in range(0, 30, 5):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(number))
    table = tmp_path / "photos.csv"
    table.write_text("\n".join(["file,latitude,longitude", *rows]) + "\n")
    with Intake() as intake:
        batches = list(
            describe_rows(
                open_source(table).rows(), HistogramExtractor(), intake, thumbnails=False, clock=lambda: ""
            )
        )
    assert sorted(row.number for batch in batches for row in batch.rejected) == [
        number for number in range(30) if number % 5
    ]
    assert [item.photo.row for batch in batches for item in batch.photos] == [0, 5, 10, 15, 20, 25]
    assert max(len(batch.rejected) for batch in batches) <= most_rejected + len(rows) // 5
