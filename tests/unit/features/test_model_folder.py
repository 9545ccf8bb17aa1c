import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geolocdesk.errors import ModelError, OutputError
from geolocdesk.features.architecture import VGG16_GMP_POOLING, Pooling
from geolocdesk.features.class_heads import ClassHead, ClassHeads, Refinement
from geolocdesk.features.model_folder import MANIFEST_NAME, is_model_folder, read_model, write_model
from geolocdesk.features.model_pack import class_heads_of
from geolocdesk.features.model_record import ModelClasses, ModelRecord
from geolocdesk.features.preparation import AUTHORS
from geolocdesk.features.projection import Projection
from geolocdesk.provenance import sha256_of_file

WEIGHTS = {"features.0.weight": np.ones((2, 3, 3, 3), np.float32)}
PROJECTION = Projection(np.zeros(512, np.float32), np.eye(512, 4, dtype=np.float32), 2000)


def write(folder: Path, projection: Projection | None = None, name: str = "authors-l") -> ModelRecord:
    return write_model(
        folder,
        name=name,
        architecture="vgg16",
        weights=WEIGHTS,
        preparation=AUTHORS,
        pooling=VGG16_GMP_POOLING,
        fits_projection=False,
        projection=projection,
        licence="CC-BY-4.0",
        source="trained here",
    )


@pytest.mark.parametrize("projection", [None, PROJECTION])
def test_what_is_written_is_read_again(tmp_path: Path, projection: Projection | None) -> None:
    record = write(tmp_path / "model", projection)
    assert read_model(tmp_path / "model") == record
    assert record.weights.sha256 == sha256_of_file(record.weights.locate())
    assert record.identity().dimension == 512
    if projection is None:
        assert record.projection is None
    else:
        assert record.projection is not None
        assert Projection.load(Path(record.projection.path)).sha256 == projection.sha256
        assert record.projection.dimension == 4


CLASSES = ClassHeads(
    (
        ClassHead(
            np.array([[-90.0, 90.0, -180.0, 0.0], [-90.0, 90.0, 0.0, 180.0]]),
            np.array([3, 4]),
            np.ones((2, 512), np.float32),
            np.zeros(2, np.float32),
        ),
    ),
    Refinement(
        np.array([[-90.0, 90.0, -180.0, 0.0], [-90.0, 90.0, 0.0, 180.0]]),
        np.array([[0], [1]]),
        np.array([3, 4]),
    ),
)


def test_a_model_brings_its_classes_wherever_it_lies(tmp_path: Path) -> None:
    record = write_model(
        tmp_path / "model",
        name="trained",
        architecture="vgg16",
        weights=WEIGHTS,
        preparation=AUTHORS,
        pooling=VGG16_GMP_POOLING,
        fits_projection=False,
        projection=None,
        licence="not stated",
        source="trained here",
        classes=CLASSES,
        notes={"training.csv": "epoch\n"},
    )
    assert record.classes is not None
    assert record.classes.cells == (2,)
    assert (tmp_path / "model" / "training.csv").read_text() == "epoch\n"
    (tmp_path / "model").rename(tmp_path / "moved")
    moved = read_model(tmp_path / "moved")
    assert moved.classes is not None
    found = class_heads_of(moved)
    assert found is not None
    assert found.sha256 == CLASSES.sha256 == record.classes.sha256
    assert ModelRecord.from_json(moved.to_json()) == moved


def test_classes_of_another_model_are_refused(tmp_path: Path) -> None:
    record = write(tmp_path / "model")
    (tmp_path / "other").mkdir()
    CLASSES.save(tmp_path / "other" / "classes.safetensors")
    wrong = ModelClasses(str(tmp_path / "other" / "classes.safetensors"), "0" * 64, (2,))
    with pytest.raises(ModelError, match="do not belong"):
        class_heads_of(replace(record, classes=wrong))
    assert class_heads_of(record) is None


def test_a_record_from_before_classes_is_read(tmp_path: Path) -> None:
    record = write(tmp_path / "model")
    value = record.to_json()
    del value["classes"]
    assert ModelRecord.from_json(value) == record


def test_a_moved_folder_is_the_same_model(tmp_path: Path) -> None:
    before = write(tmp_path / "model", PROJECTION)
    (tmp_path / "model").rename(tmp_path / "moved")
    after = read_model(tmp_path / "moved")
    assert after.identity() == before.identity()
    assert after.weights.read()


def test_a_folder_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "model.json",
        "weights.safetensors",
    ]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="could not be written"):
        write(tmp_path / "file" / "model")


def test_an_existing_folder_is_never_written_over(tmp_path: Path) -> None:
    write(tmp_path / "model")
    with pytest.raises(OutputError, match="exists already"):
        write(tmp_path / "model")


@pytest.mark.parametrize("name", ["", "Größe", "a b", "../x", "A", "x" * 65])
def test_names_are_plain(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="cannot name a model"):
        write(tmp_path / "model", name=name)
    assert not (tmp_path / "model").exists()


def test_a_description_without_sense_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="feature maps"):
        write_model(
            tmp_path / "model",
            name="x",
            architecture="vgg16",
            weights=WEIGHTS,
            preparation=AUTHORS,
            pooling=(Pooling("final", "mean"),),
            fits_projection=False,
            projection=None,
            licence="",
            source="",
        )
    assert not (tmp_path / "model").exists()


def damaged(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / MANIFEST_NAME
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda value: value.update(format="other"), "does not describe a model"),
        (lambda value: value.update(format_version=2), "newer version"),
        (lambda value: value.update(format_version="1"), "whole number"),
        (lambda value: value.update(name=7), "“name” is not text"),
        (lambda value: value.pop("preparation"), "“preparation” is missing"),
        (lambda value: value.update(pooling={}), "“pooling” is not a list"),
        (lambda value: value.update(fits_projection="no"), "neither true nor false"),
        (lambda value: value["weights"].update(file="../../secret"), "“file” is not weights.safetensors"),
        (lambda value: value["weights"].pop("sha256"), "“sha256” is missing"),
        (lambda value: value.update(projection={"file": "projection.safetensors"}), "“sha256” is missing"),
        (lambda value: value.update(projection=[]), "“projection” is not an object"),
    ],
)
def test_a_damaged_description_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], reason: str
) -> None:
    write(tmp_path / "model")
    damaged(tmp_path / "model", change)
    with pytest.raises(ModelError, match=reason):
        read_model(tmp_path / "model")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b" " * (1 << 20) + b"{}"])
def test_a_description_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "model")
    (tmp_path / "model" / MANIFEST_NAME).write_bytes(content)
    with pytest.raises(ModelError, match=r"damaged|does not describe"):
        read_model(tmp_path / "model")


def test_a_folder_without_description_is_no_model(tmp_path: Path) -> None:
    assert not is_model_folder(tmp_path)
    assert not is_model_folder(tmp_path / "absent")
    with pytest.raises(ModelError, match="cannot be read"):
        read_model(tmp_path)


def test_a_record_survives_json(tmp_path: Path) -> None:
    record = write(tmp_path / "model", PROJECTION)
    assert ModelRecord.from_json(record.to_json()) == record
