"""How a picture is prepared for a network: its rendition, then its normalisation."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.features.fields import Fields
from geolocdesk.provenance import JsonValue

ChannelOrder = Literal["RGB", "BGR"]

_LARGEST_SIDE_PX = 4096


@dataclass(frozen=True, slots=True)
class Normalisation:
    """From a channel's values 0–255 to the network's: subtract ``mean``, divide by ``scale``."""

    mean: tuple[float, float, float]
    """In the order of ``channels``."""
    scale: tuple[float, float, float]
    """In the order of ``channels``, all above 0."""
    channels: ChannelOrder = "RGB"
    """The order in which the network takes the channels."""

    def __post_init__(self) -> None:
        finite = all(math.isfinite(number) for number in (*self.mean, *self.scale))
        if self.channels not in get_args(ChannelOrder) or not finite or min(self.scale) <= 0.0:
            message = f"no usable normalisation: {self.mean}, {self.scale}, {self.channels}"
            raise ValueError(message)

    def apply(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32[n, height, width, 3], a new array, from uint8 RGB pictures of the same shape."""
        ordered = pictures if self.channels == "RGB" else pictures[..., ::-1]
        values = np.empty(pictures.shape, np.float32)
        np.subtract(ordered, _plain(self.mean), out=values)
        np.divide(values, _plain(self.scale), out=values)
        return values

    def to_json(self) -> dict[str, JsonValue]:
        """Return the normalisation as plain JSON values."""
        return {"mean": [*self.mean], "scale": [*self.scale], "channels": self.channels}

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue]) -> "Normalisation":
        """Return the normalisation that ``to_json`` wrote. Raises ModelError on other input."""
        fields = Fields(value, "normalisation")
        with fields.checking():
            return cls(
                fields.triple("mean"),
                fields.triple("scale"),
                fields.text("channels"),  # type: ignore[arg-type]  # __post_init__ checks it
            )


@dataclass(frozen=True, slots=True)
class Preparation:
    """Everything that happens to a photo's pixels before the network."""

    rendition: Rendition
    normalisation: Normalisation

    def __post_init__(self) -> None:
        if self.rendition.square_px is None or self.rendition.encoding != "rgb":
            message = "a network takes square pictures of plain pixels"
            raise ValueError(message)
        for side in (self.rendition.square_px, self.rendition.short_side_px, self.rendition.long_side_px):
            if side is not None and side > _LARGEST_SIDE_PX:
                message = f"a side may be up to {_LARGEST_SIDE_PX} pixels, not {side}"
                raise ValueError(message)

    @property
    def side_px(self) -> int:
        """Return the side of the square picture the network takes."""
        assert self.rendition.square_px is not None  # noqa: S101 - __post_init__ has seen to it
        return self.rendition.square_px

    def resized(self, side_px: int) -> "Preparation":
        """Return the same preparation for square pictures of another side; what is cut away stays the same share.

        Raises UsageError where the side is none.
        """
        short_px = self.rendition.short_side_px
        scaled_px = None if short_px is None else round(short_px * side_px / self.side_px)
        try:
            return replace(
                self, rendition=replace(self.rendition, square_px=side_px, short_side_px=scaled_px)
            )
        except ValueError as error:
            message = f"Pictures of {side_px} × {side_px} cannot be used: {error}."
            raise UsageError(message) from error

    def to_json(self) -> dict[str, JsonValue]:
        """Return the preparation as plain JSON values."""
        return {"rendition": self.rendition.to_json(), "normalisation": self.normalisation.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue]) -> "Preparation":
        """Return the preparation that ``to_json`` wrote. Raises ModelError on other input."""
        fields = Fields(value, "preparation")
        rendition = Fields(fields.mapping("rendition"), "rendition")
        for side in ("short_side_px", "long_side_px", "square_px"):
            rendition.optional_count(side)
        with fields.checking():
            return cls(
                Rendition.from_json(rendition.values),
                Normalisation.from_json(fields.mapping("normalisation")),
            )


def _plain(values: tuple[float, float, float]) -> np.float32 | NDArray[np.float32]:
    """Return one number where all three agree: numpy is then 10 times faster than along a short axis."""
    return np.float32(values[0]) if len(set(values)) == 1 else np.array(values, np.float32)


EFFICIENTNET_LITE0 = Preparation(
    Rendition(short_side_px=224, square_px=224, resample="bicubic", jpeg_scaling=True),
    Normalisation((127.0, 127.0, 127.0), (128.0, 128.0, 128.0)),
)
"""EfficientNet-Lite's own range, with nothing cut away but what sticks out of a square."""

TORCHVISION = Preparation(
    Rendition(short_side_px=256, square_px=224, resample="bilinear"),
    Normalisation((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
)
"""What torchvision documents for its ImageNet weights: mean and deviation of ImageNet, times 255."""

AUTHORS = Preparation(
    Rendition(square_px=224, crop_first=True, resample="bicubic"),
    Normalisation((100.0, 100.0, 100.0), (1.0, 1.0, 1.0), "BGR"),
)
"""What the released program of Vo, Jacobs and Hays (2017) does, but for EXIF orientation.

Theirs ignores it; here the intake has turned every photo upright before, so a photo with an orientation tag is
described as it is looked at.
"""
