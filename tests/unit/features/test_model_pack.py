import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.architecture import VGG16_GMP_POOLING
from geolocdesk.features.model_pack import (
    DEFAULT_MODEL,
    ModelRecord,
    extractor_from_record,
    find_model,
    list_models,
    model_info,
    open_model,
    verify_model,
    write_model,
)
from geolocdesk.features.preparation import AUTHORS, TORCHVISION, Preparation
from geolocdesk.features.projection import Projection
from geolocdesk.provenance import sha256_of_file
from tests.unit.features.extractor_contract import random_pictures


def projection_of(width: int, dimension: int = 8) -> Projection:
    generator = np.random.default_rng(dimension)
    matrix = generator.standard_normal((width, dimension), np.float32)
    return Projection(np.zeros(width, np.float32), matrix, 2000)


@pytest.fixture(scope="module")
def folder(vgg16_weights: dict[str, NDArray[np.float32]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "authors"
    write_model(
        folder,
        name="authors-l",
        architecture="vgg16",
        weights=vgg16_weights,
        preparation=AUTHORS,
        pooling=VGG16_GMP_POOLING,
        fits_projection=False,
        projection=projection_of(512),
        licence="not stated",
        source="the authors' file",
    )
    return folder


def test_the_default_weights_are_the_wheels() -> None:
    record = find_model(DEFAULT_MODEL)
    assert sha256_of_file(record.weights.locate()) == record.weights.sha256
    assert record.weights.sha256.startswith("57934424")
    assert record.identity().dimension == 1504
    assert record.fits_projection


@pytest.mark.parametrize(
    ("prefix", "preparation"),
    [("vgg16-gmp", TORCHVISION), ("vgg16-gmp:torchvision", TORCHVISION), ("vgg16-gmp:authors", AUTHORS)],
)
def test_a_vgg_file_is_named_with_its_preparation(
    tmp_path: Path, prefix: str, preparation: Preparation
) -> None:
    file = tmp_path / ("odd=name.pth" if sys.platform == "win32" else "C:odd=name:authors.pth")
    file.write_bytes(b"weights")
    record = find_model(f"{prefix}={file}")
    assert record.weights.locate() == file
    assert record.preparation == preparation
    assert record.identity().dimension == 512
    assert not record.fits_projection


@pytest.mark.parametrize("spec", ["vgg16-gmp", "vgg16-gmp=", "vgg16-gmp:caffe=x.pth", "vgg16-gmp:authors"])
def test_an_incomplete_vgg_name_is_refused(spec: str) -> None:
    with pytest.raises(ModelError, match="write vgg16-gmp=FILE, or vgg16-gmp:authors=FILE"):
        find_model(spec)


@pytest.mark.parametrize("spec", ["", "resnet50", "EfficientNet-Lite0", "weights.pth", "."])
def test_an_unknown_model_is_refused_with_what_there_is(spec: str) -> None:
    with pytest.raises(ModelError, match="name efficientnet-lite0, vgg16-gmp=FILE, or a model folder"):
        find_model(spec)


def test_the_preparation_and_the_weights_tell_extractors_apart(tmp_path: Path) -> None:
    for name in ("a.pth", "b.pth"):
        (tmp_path / name).write_bytes(name.encode())
    specs = [f"vgg16-gmp{kind}={tmp_path / name}" for kind in ("", ":authors") for name in ("a.pth", "b.pth")]
    assert len({find_model(spec).identity().extractor_id for spec in specs}) == 4


def test_models_are_listed_with_what_is_missing(folder: Path, tmp_path: Path) -> None:
    default, vgg16, mine = list_models([folder.parent, tmp_path / "absent"])
    assert (default.spec, default.available, default.remark) == (DEFAULT_MODEL, True, "")
    assert (vgg16.spec, vgg16.available) == ("vgg16-gmp=FILE", False)
    assert "weights file" in vgg16.remark
    assert (mine.spec, mine.available, mine.summary) == (str(folder), True, "the authors' file")
    assert mine.identity is not None
    assert mine.to_json()["extractor_id"] == mine.identity.extractor_id
    assert vgg16.to_json()["extractor_id"] is None


def test_a_damaged_model_is_listed_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.json").write_text("{}")
    broken = list_models([tmp_path])[-1]
    assert not broken.available
    assert "does not describe a model" in broken.remark


def test_a_model_without_its_weights_is_described_as_such(tmp_path: Path) -> None:
    write_model(
        tmp_path / "m",
        name="m",
        architecture="vgg16",
        weights={"features.0.bias": np.zeros(2, np.float32)},
        preparation=AUTHORS,
        pooling=VGG16_GMP_POOLING,
        fits_projection=False,
        projection=None,
        licence="",
        source="",
    )
    (tmp_path / "m" / "weights.safetensors").unlink()
    info = model_info(str(tmp_path / "m"))
    assert not info.available
    assert "weights.safetensors is missing" in info.remark


def test_models_are_found_and_listed_without_torch() -> None:
    program = (
        "import sys\n"
        "from geolocdesk.features.model_pack import find_model, list_models\n"
        "assert find_model('efficientnet-lite0').identity().extractor_id and list_models()\n"
        "heavy = {'torch', 'torchvision', 'timm'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_built_in_model_describes_without_timm_and_torchvision() -> None:
    """Each of the two takes as long to import as torch itself."""
    program = (
        "import sys, numpy\n"
        "from geolocdesk.features.model_pack import open_model\n"
        "extractor = open_model('efficientnet-lite0', device='cpu')\n"
        "extractor.describe(numpy.zeros((1, 224, 224, 3), numpy.uint8))\n"
        "heavy = {'torchvision', 'timm', 'torch._dynamo'} & set(sys.modules)\n"
        "assert 'torch' in sys.modules and not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_a_model_folder_opens_with_its_own_projection(folder: Path) -> None:
    extractor = open_model(str(folder), device="cpu")
    assert extractor.projection is not None
    assert extractor.projection.sha256 == projection_of(512).sha256
    assert not extractor.takes_projection
    assert extractor.dimension == 8
    assert extractor.describe(random_pictures(extractor, 1)).shape == (1, 8)
    extractor.close()


def test_a_record_opens_the_same_extractor_again(vgg16_file: Path) -> None:
    first = open_model(f"vgg16-gmp:authors={vgg16_file}", device="cpu")
    record = ModelRecord.from_json(find_model(f"vgg16-gmp:authors={vgg16_file}").to_json())
    projection = projection_of(512, 16)
    again = extractor_from_record(record, projection, device="cpu")
    assert again.identity.weights_sha256 == first.identity.weights_sha256
    assert again.identity.projection_sha256 == projection.sha256
    pictures = random_pictures(first, 1)
    np.testing.assert_array_equal(again.describe(pictures), projection.apply(first.describe(pictures)))
    first.close()
    again.close()


def test_weights_that_moved_are_taken_from_where_they_are_now(vgg16_file: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved.safetensors"
    moved.hardlink_to(vgg16_file)
    record = find_model(f"vgg16-gmp={moved}")
    moved.unlink()
    with pytest.raises(ModelError, match=r"moved\.safetensors cannot be read"):
        extractor_from_record(record, None, device="cpu")
    extractor = extractor_from_record(record, None, weights_path=vgg16_file, device="cpu")
    assert extractor.identity == record.identity()
    extractor.close()


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"these")
    record = find_model(f"vgg16-gmp={file}")
    file.write_bytes(b"those")
    with pytest.raises(ModelError, match="is not the one the model was recorded with"):
        extractor_from_record(record, None)


def test_a_changed_projection_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="does not belong to the model authors-l"):
        extractor_from_record(find_model(str(folder)), projection_of(512, 9))


def test_verifying_runs_the_model(folder: Path) -> None:
    assert verify_model(str(folder)).available


def test_verifying_finds_weights_of_another_network(tmp_path: Path) -> None:
    write_model(
        tmp_path / "m",
        name="m",
        architecture="vgg16",
        weights={"features.0.bias": np.zeros(2, np.float32)},
        preparation=AUTHORS,
        pooling=VGG16_GMP_POOLING,
        fits_projection=False,
        projection=None,
        licence="",
        source="",
    )
    with pytest.raises(ModelError, match="weights of another network"):
        verify_model(str(tmp_path / "m"))
