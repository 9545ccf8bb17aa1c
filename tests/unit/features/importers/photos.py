"""Photos for comparing networks: real ones where they are, drawn ones elsewhere."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from geolocdesk.evidence.rendition import render
from geolocdesk.features.extractor import Extractor


def real_photos(shared_folder: Path, count: int = 2) -> list[Image.Image]:
    """Return real photos, none of them square, so that every step of a preparation shows."""
    photos = []
    for path in sorted((shared_folder / "photos" / "clean").glob("*.jpg")):
        with Image.open(path) as photo:
            if photo.width != photo.height and min(photo.size) >= 300:
                photos.append(photo.convert("RGB"))
        if len(photos) == count:
            return photos
    message = "too few real photos"
    raise AssertionError(message)


def described(extractor: Extractor, photos: list[Image.Image]) -> NDArray[np.float32]:
    """Return the descriptors of photos, prepared as the extractor asks for them."""
    return extractor.describe(np.stack([render(photo, extractor.rendition) for photo in photos]))
