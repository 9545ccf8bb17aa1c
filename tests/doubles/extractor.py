"""An extractor without a network: small, quick and repeatable."""

import numpy as np
from numpy.typing import NDArray

from geolocdesk.evidence.rendition import Rendition
from geolocdesk.features.architecture import Pooling
from geolocdesk.features.descriptor import FloatArray, unit_rows
from geolocdesk.features.extractor import ExtractorIdentity
from geolocdesk.features.preparation import Normalisation, Preparation
from geolocdesk.features.projection import Projection

_SIDE_PX = 64
_CELLS = 4
_DIMENSION = _CELLS * _CELLS * 5


class HistogramExtractor:
    """Describes a picture by the mean colour and the mean slopes of 16 cells: 80 numbers."""

    def __init__(self, *, name: str = "histogram", takes_projection: bool = False) -> None:
        self._identity = ExtractorIdentity(
            name=name,
            architecture="none",
            weights_sha256="0" * 64,
            preparation=Preparation(
                Rendition(short_side_px=_SIDE_PX, square_px=_SIDE_PX),
                Normalisation((0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
            ),
            pooling=(Pooling("cells", "mean"),),
            projection_sha256=None,
            dimension=_DIMENSION,
        )
        self._takes_projection = takes_projection
        self.described = 0
        """Pictures so far."""
        self.closed = False

    @property
    def identity(self) -> ExtractorIdentity:
        return self._identity

    @property
    def rendition(self) -> Rendition:
        return self._identity.preparation.rendition

    @property
    def dimension(self) -> int:
        return _DIMENSION

    @property
    def device(self) -> str:
        return "cpu"

    @property
    def projection(self) -> Projection | None:
        return None

    @property
    def takes_projection(self) -> bool:
        return self._takes_projection

    def describe(self, pictures: NDArray[np.uint8]) -> FloatArray:
        if pictures.dtype != np.uint8 or pictures.shape[1:] != (_SIDE_PX, _SIDE_PX, 3):
            message = f"not pictures: {pictures.dtype}{list(pictures.shape)}"
            raise ValueError(message)
        if self.closed:
            message = "this extractor has been closed"
            raise RuntimeError(message)
        self.described += len(pictures)
        values = self._identity.preparation.normalisation.apply(pictures)
        grey = values.mean(axis=3)
        down = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
        right = np.abs(np.diff(grey, axis=2, append=grey[:, :, -1:]))
        planes = np.concatenate([values, down[..., None], right[..., None]], axis=3)
        cell = _SIDE_PX // _CELLS
        cells = planes.reshape(len(pictures), _CELLS, cell, _CELLS, cell, 5).mean(axis=(2, 4))
        return unit_rows(cells.reshape(len(pictures), _DIMENSION).astype(np.float32))

    def warm_up(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True
