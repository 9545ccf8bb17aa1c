"""The paper's released files from end to end: a caffemodel and MATLAB descriptors in, a lead out.

The network that describes the references is OpenCV's, the MATLAB file scipy's; only the query goes through ours.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from numpy.typing import NDArray
from PIL import Image

from geolocdesk.cli.commands import run
from geolocdesk.evidence.rendition import render
from geolocdesk.features.preparation import AUTHORS
from tests.unit.features.importers.caffe_writer import new_model, prototxt, vgg16_layers
from tests.unit.reference.mat_writer import cells

CHANNELS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
PLACES = ((48.8584, 2.2945), (-33.8568, 151.2153), (65.0, -179.5))


def random_weights() -> dict[str, NDArray[np.float32]]:
    """Return VGG-16's weights in order, scaled so that activations keep their size."""
    generator = np.random.default_rng(5)
    weights: dict[str, NDArray[np.float32]] = {}
    before = 3
    for index, channels in enumerate(CHANNELS):
        values = generator.standard_normal((channels, before, 3, 3), np.float32)
        weights[f"{index}.weight"] = values * np.float32(np.sqrt(2 / (9 * before)))
        weights[f"{index}.bias"] = np.zeros(channels, np.float32)
        before = channels
    return weights


def write_photos(folder: Path) -> list[Path]:
    generator = np.random.default_rng(6)
    paths = [folder / f"photo{number}.png" for number in range(len(PLACES))]
    for path in paths:
        coarse = Image.fromarray(generator.integers(0, 256, (6, 8, 3), np.uint8))
        coarse.resize((400, 300), Image.Resampling.BICUBIC).save(path)
    return paths


def opencv_features(caffemodel: Path, words: str, photos: list[Path]) -> list[NDArray[np.float32]]:
    """Return float32[512, 1] a photo, not normalised, as MATLAB's Caffe returns them."""
    import cv2

    text = caffemodel.with_suffix(".prototxt")
    text.write_text(words)
    network = cv2.dnn.readNetFromCaffe(str(text), str(caffemodel))
    described = []
    for photo in photos:
        with Image.open(photo) as picture:
            prepared = render(picture.convert("RGB"), AUTHORS.rendition)
        bgr = np.ascontiguousarray(prepared[..., ::-1])
        network.setInput(cv2.dnn.blobFromImage(bgr, 1.0, (224, 224), (100, 100, 100), swapRB=False))
        described.append(np.asarray(network.forward("pool5"), np.float32).reshape(-1, 1))
    return described


def test_a_photo_is_found_among_the_released_descriptors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = random_weights()
    caffemodel = tmp_path / "released.caffemodel"
    caffemodel.write_bytes(new_model(vgg16_layers(weights)))
    photos = write_photos(tmp_path)
    released = tmp_path / "reference"
    released.mkdir()
    variables = {
        "file_ids": cells([f"{number}_0123456789_1_7@N00.jpg" for number in (100, 101, 102)]),
        "file_features": cells(opencv_features(caffemodel, prototxt(weights), photos)),
        "file_gps": cells([np.array([place]) for place in PLACES]),
    }
    scipy.io.savemat(released / "part.mat", variables, do_compression=True)

    model, pack = str(tmp_path / "model"), str(tmp_path / "pack")
    assert run(["model", "import", str(caffemodel), "--out", model]) == 0
    build = ["reference", "build", str(released), "--format", "im2gps-mat", "--model", model, "--out", pack]
    assert run([*build, "--device", "cpu"]) == 0
    assert run(["reference", "verify", pack]) == 0
    capsys.readouterr()
    assert run(["analyse", str(photos[2]), "--reference", pack, "--device", "cpu", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    nearest = answer["neighbours"][0]
    assert nearest["reference_id"] == "102_0123456789_1_7@N00.jpg"
    assert nearest["distance"] < 1e-3
    assert answer["neighbours"][1]["distance"] > 0.01
    assert (answer["estimate"]["latitude"], answer["estimate"]["longitude"]) == pytest.approx(
        PLACES[2], abs=0.01
    )
