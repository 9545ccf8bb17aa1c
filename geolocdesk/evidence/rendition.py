"""Pictures as they are asked of the decoder: size, cut, resampling and encoding.

Sizes, cuts and resampling follow torchvision's ``Resize`` and ``CenterCrop`` on Pillow images bit for bit.
"""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from geolocdesk.provenance import JsonValue

Resample = Literal["bicubic", "bilinear", "lanczos"]
Encoding = Literal["rgb", "jpeg"]

JPEG_QUALITY = 85

_FILTERS: dict[Resample, Image.Resampling] = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
}
_JPEG_DENOMINATORS = (8, 4, 2)
_SPARE_FACTOR = 2


@dataclass(frozen=True, slots=True)
class Rendition:
    """A picture asked of the decoder; without any size it is the whole picture as it is."""

    short_side_px: int | None = None
    """Scale so that the short side is this long; enlarges where needed."""
    long_side_px: int | None = None
    """Or scale so that the long side is no longer than this; never enlarges."""
    square_px: int | None = None
    """Then cut a centred square of this side, on black where the picture is smaller."""
    crop_first: bool = False
    """Instead cut the largest centred square first, then scale that to ``square_px``."""
    squash: bool = False
    """Instead scale both sides to ``short_side_px``, whatever becomes of the picture's proportions."""
    resample: Resample = "bicubic"
    jpeg_scaling: bool = False
    """A JPEG may be decoded at 1/2, 1/4 or 1/8 as long as its short side stays at least twice what is asked."""
    encoding: Encoding = "rgb"
    """``rgb``: uint8[height, width, 3]; ``jpeg``: an encoded file as uint8[n], quality 85."""

    def __post_init__(self) -> None:
        for side in (self.short_side_px, self.long_side_px, self.square_px):
            if side is not None and side < 1:
                message = f"a picture's side must be at least one pixel: {side}"
                raise ValueError(message)
        if self.short_side_px is not None and self.long_side_px is not None:
            message = "ask for the short side or the long side, not for both"
            raise ValueError(message)
        if self.crop_first and (self.square_px is None or self.short_side_px or self.long_side_px):
            message = "crop_first needs square_px and no other side"
            raise ValueError(message)
        if self.squash and (self.short_side_px is None or self.crop_first):
            message = "squash needs short_side_px and no crop_first"
            raise ValueError(message)
        if self.resample not in get_args(Resample) or self.encoding not in get_args(Encoding):
            message = f"unknown resampling or encoding: {self.resample}, {self.encoding}"
            raise ValueError(message)

    def to_json(self) -> dict[str, JsonValue]:
        """Return every field as plain JSON values; ``squash``, which is rare, only where it is meant."""
        fields = asdict(self)
        return fields if self.squash else {name: fields[name] for name in fields if name != "squash"}

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue]) -> "Rendition":
        """Return the rendition that ``to_json`` wrote. Raises TypeError or ValueError on other input."""
        return cls(**value)  # type: ignore[arg-type]  # __post_init__ checks what the types cannot


def scaled_size(size: tuple[int, int], rendition: Rendition) -> tuple[int, int]:
    """Return the width and height to which a picture of this size is scaled, before any later cut."""
    width, height = size
    short, long = min(size), max(size)
    if rendition.crop_first and rendition.square_px is not None:
        return rendition.square_px, rendition.square_px
    if rendition.squash and rendition.short_side_px is not None:
        return rendition.short_side_px, rendition.short_side_px
    if rendition.short_side_px is not None:
        new_short = rendition.short_side_px
        new_long = int(new_short * long / short)
    elif rendition.long_side_px is not None and long > rendition.long_side_px:
        new_long = rendition.long_side_px
        new_short = max(1, int(new_long * short / long))
    else:
        return size
    return (new_short, new_long) if width <= height else (new_long, new_short)


def jpeg_denominator(size: tuple[int, int], rendition: Rendition) -> int:
    """Return by how much (1, 2, 4 or 8) a JPEG of this size may be scaled down while it is decoded."""
    if not rendition.jpeg_scaling:
        return 1
    asked_px = _SPARE_FACTOR * min(scaled_size(size, rendition))
    for denominator in _JPEG_DENOMINATORS:
        if min(size) >= denominator * asked_px:
            return denominator
    return 1


def render(image: Image.Image, rendition: Rendition) -> NDArray[np.uint8]:
    """Return the picture as asked, read-only: uint8[height, width, 3], or encoded bytes as uint8[n].

    The image is upright and its mode is RGB; ValueError otherwise.
    """
    if image.mode != "RGB":
        message = f"only RGB pictures are rendered, not {image.mode}"
        raise ValueError(message)
    if rendition.crop_first:
        image = _cut_centred_square(image, min(image.size))
    size = scaled_size(image.size, rendition)
    if size != image.size:
        image = image.resize(size, _FILTERS[rendition.resample])
    if rendition.square_px is not None:
        image = _cut_centred_square(image, rendition.square_px)
    if rendition.encoding == "jpeg":
        return np.frombuffer(_encode_jpeg(image), dtype=np.uint8)
    width, height = image.size
    return np.frombuffer(image.tobytes(), dtype=np.uint8).reshape(height, width, 3)


def _cut_centred_square(image: Image.Image, side_px: int) -> Image.Image:
    width, height = image.size
    if (width, height) == (side_px, side_px):
        return image
    if min(width, height) < side_px:
        image = _pad_with_black(image, side_px)
        width, height = image.size
    # torchvision rounds halves to even, as Python does.
    left, top = round((width - side_px) / 2), round((height - side_px) / 2)
    return image.crop((left, top, left + side_px, top + side_px))


def _pad_with_black(image: Image.Image, side_px: int) -> Image.Image:
    width, height = image.size
    padded = Image.new("RGB", (max(width, side_px), max(height, side_px)))
    padded.paste(image, (max(0, side_px - width) // 2, max(0, side_px - height) // 2))
    return padded


def _encode_jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=JPEG_QUALITY)
    return stream.getvalue()
