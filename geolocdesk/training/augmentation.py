"""Other versions of a photo that show the same place: cut, mirrored, recoloured, recompressed, blurred."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from geolocdesk.training.plan import Augmentation

_LEAST_AREA = 0.5
_ASPECT = 4.0 / 3.0
_COLOUR = 0.3
_JPEG_QUALITY = (30, 90)
_BLUR_PX = 1.5


def augment(
    picture: NDArray[np.uint8], kinds: Sequence[Augmentation], side_px: int, seed: Sequence[int]
) -> NDArray[np.uint8]:
    """Return uint8[side, side, 3], another version of a photo; the same for the same seed.

    ``crop`` takes at least half of the area and at most 4:3 out of square, ``flip`` mirrors every other time (and
    with it writing and the side of the road), ``colour`` changes brightness, contrast and saturation by up to 30 %,
    ``jpeg`` compresses with a quality of 30 to 90, ``blur`` blurs by up to 1.5 pixels.
    """
    generator = np.random.default_rng(list(seed))
    image = Image.fromarray(picture)
    box = _box(picture.shape[0], generator) if "crop" in kinds else None
    image = image.resize((side_px, side_px), Image.Resampling.BICUBIC, box=box)
    if "flip" in kinds and generator.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if "colour" in kinds:
        for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            image = enhancer(image).enhance(1.0 + generator.uniform(-_COLOUR, _COLOUR))
    if "blur" in kinds and generator.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(generator.uniform(0.0, _BLUR_PX)))
    if "jpeg" in kinds:
        compressed = io.BytesIO()
        image.save(compressed, "JPEG", quality=int(generator.integers(*_JPEG_QUALITY)))
        image = Image.open(compressed)
    return np.asarray(image, np.uint8)


def _box(side: int, generator: np.random.Generator) -> tuple[float, float, float, float]:
    area = generator.uniform(_LEAST_AREA, 1.0)
    aspect = _ASPECT ** generator.uniform(-1.0, 1.0)
    width = min(1.0, (area * aspect) ** 0.5) * side
    height = min(1.0, (area / aspect) ** 0.5) * side
    left = generator.uniform(0.0, side - width)
    top = generator.uniform(0.0, side - height)
    return (left, top, left + width, top + height)
