"""The course of a training, epoch by epoch: a table, and TensorBoard's files where its package is there."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from geolocdesk.whole_file import whole_file


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """How an epoch went; figures in percent."""

    epoch: int
    steps: int
    rate: float
    loss: float
    validation: dict[str, float]
    """By name, in the order of the table's columns; empty where no photo is kept apart."""


class TrainingLog:
    """Keeps the table whole after every epoch."""

    def __init__(self, path: Path, done_epochs: int) -> None:
        """Go on with the table's first ``done_epochs`` rows."""
        self._path = path
        self._rows = self._read(done_epochs)

    def _read(self, epochs: int) -> list[dict[str, str]]:
        if not self._path.is_file():
            return []
        with self._path.open(encoding="utf-8", newline="") as stream:
            return [row for row in csv.DictReader(stream) if int(row["epoch"]) <= epochs]

    def add(self, record: EpochRecord) -> None:
        """Add an epoch. Raises OutputError."""
        self._rows.append(
            {
                "epoch": str(record.epoch),
                "steps": str(record.steps),
                "rate": f"{record.rate:.6g}",
                "loss": f"{record.loss:.6g}",
                **{name: f"{value:.6g}" for name, value in record.validation.items()},
            }
        )
        with whole_file(self._path) as partial:
            partial.write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        """Return the table as CSV."""
        buffer = io.StringIO()
        if self._rows:
            writer = csv.DictWriter(buffer, list(self._rows[-1]), lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self._rows)
        return buffer.getvalue()
