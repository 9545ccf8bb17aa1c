"""From a photo's bytes to the pictures asked for. Runs in the decoding process only."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile

from geolocdesk.evidence.colour import flatten
from geolocdesk.evidence.formats import JPEG, TIFF, PhotoFormat
from geolocdesk.evidence.pillow import (
    DECODER_FAULTS,
    DecodingError,
    check_pixels,
    faults_as_decoding_errors,
    open_image,
)
from geolocdesk.evidence.rendition import Rendition, jpeg_denominator, render, scaled_size

_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_NEW_SUBFILE_TYPE = 254
_REDUCED_RESOLUTION = 1
_LEAST_SHARE = 0.1
"""A picture of which less is left than this would be judged by its blank part."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPhoto:
    """One photo's pictures, in the order of the renditions, and what was noticed on the way."""

    width_px: int
    height_px: int
    orientation: int
    pictures: tuple[NDArray[np.uint8], ...]
    remarks: tuple[str, ...]
    image: ImageFile.ImageFile
    """As the decoder left it; its metadata can be read from it."""


@dataclass(frozen=True, slots=True, eq=False)
class _LoadedImage:
    image: ImageFile.ImageFile
    pixels: Image.Image
    orientation: int
    remarks: tuple[str, ...]


def decode(
    content: bytes, photo_format: PhotoFormat, renditions: Sequence[Rendition], max_pixels: int
) -> DecodedPhoto:
    """Return the photo's pictures. Raises DecodingError, or MemoryError where memory ran out.

    With no renditions the photo is decoded all the same, to see whether it can be.
    """
    open_again = partial(open_image, content, photo_format, max_pixels)
    image = open_again()
    size = image.size
    orientation = 1
    pictures: dict[int, NDArray[np.uint8]] = {}
    remarks: dict[str, None] = {}
    for index, (denominator, positions) in enumerate(_by_denominator(size, photo_format, renditions).items()):
        if index > 0:
            image = open_again()
        loaded = _load(image, denominator, photo_format, open_again)
        image, orientation = loaded.image, loaded.orientation
        upright = _turn_upright(loaded, photo_format)
        remarks.update(dict.fromkeys(loaded.remarks))
        for position in positions:
            check_pixels(scaled_size(upright.size, renditions[position]), max_pixels)
            pictures[position] = render(upright, renditions[position])
    remarks.update(dict.fromkeys(_remarks_on_frames(image)))
    width_px, height_px = _shown_size(size, orientation, photo_format)
    return DecodedPhoto(
        width_px=width_px,
        height_px=height_px,
        orientation=orientation,
        pictures=tuple(pictures[position] for position in range(len(renditions))),
        remarks=tuple(remarks),
        image=image,
    )


def _by_denominator(
    size: tuple[int, int], photo_format: PhotoFormat, renditions: Sequence[Rendition]
) -> dict[int, list[int]]:
    """Return the renditions' positions by the scale at which the photo is decoded for them.

    A rendition's scale depends on nothing but itself, so its pixels never depend on what else is asked.
    """
    positions: dict[int, list[int]] = {}
    for position, rendition in enumerate(renditions):
        denominator = jpeg_denominator(size, rendition) if photo_format is JPEG else 1
        positions.setdefault(denominator, []).append(position)
    return positions or {1: []}


def _load(
    image: ImageFile.ImageFile,
    denominator: int,
    photo_format: PhotoFormat,
    open_again: Callable[[], ImageFile.ImageFile],
) -> _LoadedImage:
    """Return the image decoded; of one that is damaged as much as can be had, with a remark."""
    try:
        return _load_strictly(image, denominator, photo_format)
    except DecodingError as error:
        damage = error
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        loaded = _load_strictly(open_again(), denominator, photo_format)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    share = _decoded_share(loaded.pixels)
    if share < _LEAST_SHARE:
        reason = f"{damage.reason}; no more than {share:.0%} of its picture could be decoded"
        raise DecodingError(damage.kind, reason) from damage
    how_much = f"about {share:.0%}" if share < 0.995 else "what could be decoded"
    remark = f"The file is damaged or cut short; {how_much} of its picture was used."
    return _LoadedImage(loaded.image, loaded.pixels, loaded.orientation, (remark, *loaded.remarks))


def _load_strictly(image: ImageFile.ImageFile, denominator: int, photo_format: PhotoFormat) -> _LoadedImage:
    with faults_as_decoding_errors():
        orientation = _orientation(image)  # TIFF's is gone once it is loaded …
        if denominator > 1:
            image.draft(None, (image.width // denominator, image.height // denominator))
        image.load()
        if photo_format is not TIFF:
            orientation = _orientation(image)  # … and PNG's may follow the pixels
        pixels, remarks = flatten(image)
    return _LoadedImage(image, pixels, orientation, remarks)


def _orientation(image: ImageFile.ImageFile) -> int:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        return orientation if orientation in _TRANSPOSITIONS else 1
    except DECODER_FAULTS:
        return 1


def _turn_upright(loaded: _LoadedImage, photo_format: PhotoFormat) -> Image.Image:
    if loaded.orientation == 1 or photo_format is TIFF:  # Pillow turns TIFF pictures itself
        return loaded.pixels
    return loaded.pixels.transpose(_TRANSPOSITIONS[loaded.orientation])


def _shown_size(size: tuple[int, int], orientation: int, photo_format: PhotoFormat) -> tuple[int, int]:
    turned = orientation >= 5 and photo_format is not TIFF
    return (size[1], size[0]) if turned else size


def _decoded_share(pixels: Image.Image) -> float:
    """Return the share of a cut-short picture's rows down to the last that is not of one colour throughout."""
    width, height = pixels.size
    for row in range(height, 0, -1):
        if pixels.crop((0, row - 1, width, row)).getcolors(maxcolors=1) is None:
            return row / height
    return 0.0


def _remarks_on_frames(image: ImageFile.ImageFile) -> Iterator[str]:
    try:
        if getattr(image, "is_animated", False):
            yield "The file holds several pictures; only its main or first one was used."
        if getattr(image, "tag_v2", {}).get(_NEW_SUBFILE_TYPE, 0) & _REDUCED_RESOLUTION:
            yield "The picture used is a reduced preview, as in a camera's raw file."
    except DECODER_FAULTS:
        yield "Whether the file holds further pictures could not be found out."
