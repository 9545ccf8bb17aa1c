"""VGG-16 out of caffemodels, checked with OpenCV's own reader and network."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geolocdesk.cli.commands import run
from geolocdesk.errors import ModelError, OutputError
from geolocdesk.evidence.rendition import render
from geolocdesk.features.extractor import Extractor
from geolocdesk.features.importers.caffemodel import import_caffemodel, read_vgg16
from geolocdesk.features.model_pack import open_model, read_model
from geolocdesk.features.preparation import AUTHORS
from geolocdesk.provenance import sha256_of_file
from tests.unit.features.importers.caffe_writer import Array, new_model, old_model, prototxt, vgg16_layers

Weights = dict[str, Array]


@pytest.fixture(scope="module")
def caffemodel(vgg16_weights: Weights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("caffe") / "7000only__iter_167400.caffemodel"
    path.write_bytes(new_model([*vgg16_layers(vgg16_weights), ("fc6", [np.ones(5, np.float32)])]))
    return path


@pytest.fixture(scope="module")
def model(caffemodel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported") / "model"
    import_caffemodel(caffemodel, folder)
    return folder


def drawn_photo() -> Image.Image:
    """Return 640 × 480 pixels of smooth colour fields with noise, not alike in any channel or direction."""
    generator = np.random.default_rng(3)
    fields = Image.fromarray(generator.integers(0, 256, (9, 12, 3), np.uint8)).resize((640, 480))
    noise = generator.integers(-20, 21, (480, 640, 3))
    return Image.fromarray(np.clip(np.asarray(fields, np.int64) + noise, 0, 255).astype(np.uint8))


def opencv_features(
    caffemodel: Path, weights: Weights, picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> Array:
    """Return what OpenCV computes at ``pool5`` from the same file and the authors' preparation, unit length."""
    import cv2

    text = caffemodel.with_suffix(".prototxt")
    text.write_text(prototxt(weights))
    network = cv2.dnn.readNetFromCaffe(str(text), str(caffemodel))
    bgr = np.ascontiguousarray(picture[..., ::-1])
    network.setInput(cv2.dnn.blobFromImage(bgr, 1.0, (224, 224), (100, 100, 100), swapRB=False, crop=False))
    features = np.asarray(network.forward("pool5"), np.float64).ravel()
    return (features / np.linalg.norm(features)).astype(np.float32)


def described(
    extractor: Extractor, photo: Image.Image
) -> tuple[Array, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    picture = render(photo, extractor.rendition)
    return extractor.describe(picture[np.newaxis])[0], picture


def test_opencv_reads_the_same_features_from_the_same_file(
    caffemodel: Path, model: Path, vgg16_weights: Weights
) -> None:
    extractor = open_model(str(model), device="cpu", threads=1)
    ours, picture = described(extractor, drawn_photo())
    theirs = opencv_features(caffemodel, vgg16_weights, picture)
    assert np.count_nonzero(theirs) > 100
    assert np.abs(ours - theirs).max() < 1e-4
    swapped = opencv_features(caffemodel, vgg16_weights, picture[..., ::-1])
    assert np.abs(ours - swapped).max() > 1e-2  # the check would notice channels in the wrong order
    extractor.close()


@pytest.mark.shared
def test_opencv_reads_the_same_features_on_real_photos(
    caffemodel: Path, model: Path, vgg16_weights: Weights, shared_folder: Path
) -> None:
    extractor = open_model(str(model), device="cpu", threads=1)
    photos = sorted((shared_folder / "photos").rglob("*.jpg"))[:2]
    assert photos
    for path in photos:
        with Image.open(path) as photo:
            ours, picture = described(extractor, photo.convert("RGB"))
        assert np.abs(ours - opencv_features(caffemodel, vgg16_weights, picture)).max() < 1e-3
    extractor.close()


def test_the_model_folder_says_where_it_comes_from(caffemodel: Path, model: Path) -> None:
    record = read_model(model)
    assert record.name == "vgg16-gmp-7000only__iter_167400"
    assert record.identity().extractor_id.startswith("vgg16-gmp-7000only__iter_167400-")
    assert record.preparation == AUTHORS
    assert sha256_of_file(caffemodel) in record.source


def test_both_generations_give_the_same_weights(
    vgg16_weights: Weights, caffemodel: Path, tmp_path: Path
) -> None:
    older = tmp_path / "older.caffemodel"
    older.write_bytes(old_model(vgg16_layers(vgg16_weights)))
    first, _ = read_vgg16(caffemodel)
    second, _ = read_vgg16(older)
    assert first.keys() == second.keys() == vgg16_weights.keys()
    for name, values in vgg16_weights.items():
        np.testing.assert_array_equal(first[name], values)
        np.testing.assert_array_equal(second[name], values)


def without_a_layer(layers: list[tuple[str, list[Array]]]) -> None:
    del layers[7]


def of_another_shape(layers: list[tuple[str, list[Array]]]) -> None:
    kernel, bias = layers[0][1]
    layers[0] = ("conv1_1", [kernel.transpose(1, 0, 2, 3), bias])


def without_a_bias(layers: list[tuple[str, list[Array]]]) -> None:
    layers[2] = ("conv2_1", layers[2][1][:1])


def not_finite(layers: list[tuple[str, list[Array]]]) -> None:
    kernel, bias = layers[1][1]
    layers[1] = ("conv1_2", [kernel, np.full_like(bias, np.nan)])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without_a_layer, "“conv4_1” is missing"),
        (of_another_shape, "“conv1_1” are 3 × 64 × 3 × 3"),
        (without_a_bias, "“conv2_1” is missing or has no weights"),
        (not_finite, "“conv1_2” that are no finite numbers"),
    ],
)
def test_other_networks_are_refused_and_leave_nothing(
    vgg16_weights: Weights,
    tmp_path: Path,
    change: Callable[[list[tuple[str, list[Array]]]], None],
    reason: str,
) -> None:
    layers = vgg16_layers(vgg16_weights)
    change(layers)
    path = tmp_path / "other.caffemodel"
    path.write_bytes(new_model(layers))
    with pytest.raises(ModelError, match=reason):
        import_caffemodel(path, tmp_path / "model")
    assert [item.name for item in tmp_path.iterdir()] == ["other.caffemodel"]


def test_a_truncated_file_is_refused(caffemodel: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.caffemodel"
    path.write_bytes(caffemodel.read_bytes()[:20_000_000])
    with pytest.raises(ModelError, match="ends within"):
        import_caffemodel(path, tmp_path / "model")


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.caffemodel", tmp_path):
        with pytest.raises(ModelError, match=r"cannot be read|not a plain file"):
            import_caffemodel(path, tmp_path / "model")


def test_a_folder_that_exists_is_left_alone(caffemodel: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="exists already"):
        import_caffemodel(caffemodel, tmp_path)


def test_the_command_imports_with_another_mean(
    caffemodel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"
    arguments = [
        "model",
        "import",
        str(caffemodel),
        "--out",
        str(out),
        "--mean",
        "103.9,116.8,123.7",
        "--json",
    ]
    assert run(arguments) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["available"] is True
    assert read_model(out).preparation.normalisation.mean == (103.9, 116.8, 123.7)


def test_a_mean_that_is_none_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run(["model", "import", "x.caffemodel", "--out", str(tmp_path / "m"), "--mean", "100,nan,100"])
    assert end.value.code == 2
    assert "three numbers" in capsys.readouterr().err
