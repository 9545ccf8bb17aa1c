"""Networks out of state dictionaries, and files that are none."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from geolocdesk.cli.commands import run
from geolocdesk.errors import ModelError
from geolocdesk.features.importers.checkpoint import import_checkpoint
from geolocdesk.features.model_pack import open_model, read_model
from geolocdesk.features.preparation import TORCHVISION
from geolocdesk.provenance import sha256_of_file
from tests.unit.features.extractor_contract import random_pictures

Weights = dict[str, NDArray[np.float32]]


def test_a_model_folder_describes_as_the_file_itself(vgg16_file: Path, tmp_path: Path) -> None:
    record = import_checkpoint(vgg16_file, tmp_path / "model").record
    assert record == read_model(tmp_path / "model")
    assert record.preparation == TORCHVISION
    assert sha256_of_file(vgg16_file) in record.source
    described = []
    for spec in (f"vgg16-gmp={vgg16_file}", str(tmp_path / "model")):
        extractor = open_model(spec, device="cpu", threads=1)
        described.append(extractor.describe(random_pictures(extractor, 1)))
        extractor.close()
    np.testing.assert_array_equal(described[0], described[1])


def test_a_pth_file_with_a_classifier_by_command(
    vgg16_weights: Weights, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    path = tmp_path / "VGG 16.pth"
    state = {name: torch.from_numpy(values) for name, values in vgg16_weights.items()}
    torch.save({**state, "classifier.0.weight": torch.ones(2, 2)}, path)
    out = tmp_path / "model"
    assert run(["model", "import", str(path), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["extractor_id"].startswith("vgg16-gmp-vgg-16-")
    assert run(["model", "import", str(path), "--out", str(tmp_path / "b"), "--mean", "1,2,3"]) == 2


class Program:
    """Would write a file if it were unpickled."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self._target,)


def test_a_file_with_a_program_is_refused_and_not_run(tmp_path: Path) -> None:
    import torch

    path, target = tmp_path / "evil.pth", tmp_path / "ran"
    for write in (torch.save, lambda value, place: place.write_bytes(pickle.dumps(value))):
        write({"features.0.weight": Program(target)}, path)
        with pytest.raises(ModelError, match="more than plain weights"):
            import_checkpoint(path, tmp_path / "model")
    assert not target.exists()
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("features.1.weight", np.ones(64, np.float32), "“1.weight” is left over"),
        ("features.0.weight", np.ones((64, 4, 3, 3), np.float32), "“conv1_1” are 64 × 4"),
        ("features.0.bias", np.array(1.0, np.float32), "bias of"),
        ("features.28.bias", np.full(512, np.inf, np.float32), "no finite numbers"),
        ("features.28.bias", None, "bias of “conv5_3” is missing"),
    ],
)
def test_other_networks_are_refused(
    vgg16_weights: Weights, tmp_path: Path, name: str, values: NDArray[np.float32] | None, reason: str
) -> None:
    weights = {key: value for key, value in vgg16_weights.items() if key != name}
    save_file(weights if values is None else {**weights, name: values}, tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=reason):
        import_checkpoint(tmp_path / "w.safetensors", tmp_path / "model")


@pytest.mark.parametrize("name", ["absent.pth", "empty.safetensors"])
def test_what_is_no_weights_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.safetensors").touch()
    with pytest.raises(ModelError):
        import_checkpoint(tmp_path / name, tmp_path / "model")
