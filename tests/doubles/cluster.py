"""Extractors for the workers of a cluster: ordinary ones, and one that ends its worker in the middle of a shard."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.features.descriptor import FloatArray
from geolocdesk.features.embedding import load_descriptor_map
from geolocdesk.features.extractor import Extractor, with_projection
from tests.doubles.extractor import HistogramExtractor


class EndingExtractor(HistogramExtractor):
    """Kills its own process after so many photos, the first time in a folder's life."""

    def __init__(self, folder: Path, after: int) -> None:
        super().__init__(takes_projection=True)
        self._killed = folder / "killed"
        self._after = after

    def describe(self, pictures: NDArray[np.uint8]) -> FloatArray:
        if self.described >= self._after:
            try:
                with self._killed.open("x") as stream:
                    stream.write(str(os.getpid()))
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().describe(pictures)


@dataclass(frozen=True, slots=True)
class OpenHistogram:
    """Opens the double on a worker, and leaves a file with the worker's process number in a folder."""

    folder: Path
    kill_after: int | None = None

    def __call__(self, projection: Path | None, threads: int) -> Extractor:
        del threads
        (self.folder / f"worker-{os.getpid()}").touch()
        extractor: Extractor = HistogramExtractor(takes_projection=True)
        if self.kill_after is not None:
            extractor = EndingExtractor(self.folder, self.kill_after)
        return with_projection(extractor, load_descriptor_map(projection) if projection else None)
