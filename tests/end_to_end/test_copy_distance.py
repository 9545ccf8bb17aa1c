"""The distance up to which photos count as copies, on real photos and the default extractor."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geolocdesk.evidence.rendition import render
from geolocdesk.features.model_pack import DEFAULT_MODEL, open_model
from geolocdesk.reference.copy_distance import copy_distance

pytestmark = pytest.mark.shared

PHOTOS = 24


def recompressed(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=75)
    return Image.open(stream).convert("RGB")


def reshared(image: Image.Image) -> list[Image.Image]:
    """Return the photo recompressed, at 85 % of its size, and trimmed by 3 %."""
    width, height = image.size
    smaller = image.resize((round(width * 0.85), round(height * 0.85)), Image.Resampling.BICUBIC)
    margin = (round(width * 0.015), round(height * 0.015))
    trimmed = image.crop((*margin, width - margin[0], height - margin[1]))
    return [recompressed(changed) for changed in (image, smaller, trimmed)]


def test_reshared_copies_lie_within_it_and_other_photos_beyond(shared_folder: Path) -> None:
    with (shared_folder / "photos" / "world.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["view"] == "0"][:PHOTOS]
    extractor = open_model(DEFAULT_MODEL, device="cpu")
    pictures = []
    for row in rows:
        with Image.open(shared_folder / "photos" / row["file"]) as image:
            original = image.convert("RGB")
        pictures += [render(picture, extractor.rendition) for picture in (original, *reshared(original))]
    vectors = extractor.describe(np.stack(pictures))
    extractor.close()
    originals = vectors[::4]
    distance = copy_distance(PHOTOS, lambda wanted: originals[wanted])
    copies = np.linalg.norm(vectors.reshape(PHOTOS, 4, -1)[:, 1:] - originals[:, np.newaxis], axis=2)
    assert (copies <= distance).mean() >= 0.95
    others = np.linalg.norm(originals[:, np.newaxis] - originals, axis=2)
    assert (others[~np.eye(PHOTOS, dtype=bool)] > distance).all()
