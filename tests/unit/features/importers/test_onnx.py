"""Image encoders in ONNX files: described as the network they were exported from, and refused where they are more."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from geolocdesk.cli.commands import run
from geolocdesk.errors import ModelError, UsageError
from geolocdesk.features.importers.imported_model import ImportOptions
from geolocdesk.features.importers.onnx import import_onnx, read_preparation_file
from geolocdesk.features.model_pack import open_model
from geolocdesk.features.preparation import TORCHVISION
from tests.unit.features.extractor_contract import ExtractorContract, random_pictures

SIDE = 32
PREPARATION = f"side_px = {SIDE}\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n"


def kernels() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    random = np.random.default_rng(2)
    return random.normal(size=(8, 3, 5, 5)).astype(np.float32) * 0.1, random.normal(size=8).astype(np.float32)


def encoder(path: Path, *, batch: int | str = "n", layout: str = "NCHW", nodes: int = 1) -> Path:
    """Write a convolution with a ReLU as ONNX's own library writes it."""
    weight, bias = kernels()
    shape = [batch, 3, SIDE, SIDE] if layout == "NCHW" else [batch, SIDE, SIDE, 3]
    made = (
        [helper.make_node("Transpose", ["pixels"], ["nchw"], perm=[0, 3, 1, 2])] if layout == "NHWC" else []
    )
    given = "nchw" if made else "pixels"
    made += [
        helper.make_node("Conv", [given, "weight", "bias"], ["linear"], strides=[2, 2]),
        helper.make_node("Relu", ["linear"], ["features"]),
    ]
    graph = helper.make_graph(
        made,
        "encoder",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [batch, 8, 14, 14])] * nodes,
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("preparation") / "encoder.toml"
    path.write_text(PREPARATION)
    return path


def expected(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the same from torch: mean over the map of the convolution of normalised pictures."""
    import torch

    weight, bias = (torch.from_numpy(values) for values in kernels())
    mean, std = (
        torch.tensor(values)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    values = (torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255.0 - mean) / std
    made = torch.relu(torch.nn.functional.conv2d(values, weight, bias, stride=2)).mean(dim=(2, 3))
    return torch.nn.functional.normalize(made, dim=1).numpy()


class TestOnnxExtractor(ExtractorContract):
    @pytest.fixture(scope="class")
    @classmethod
    def extractor(cls, preparation: Path, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]  # noqa: ANN206
        folder = tmp_path_factory.mktemp("onnx")
        import_onnx(encoder(folder / "e.onnx"), preparation, folder / "model", ImportOptions())
        extractor = open_model(str(folder / "model"))
        yield extractor
        extractor.close()


@pytest.mark.parametrize(("batch", "layout"), [("n", "NCHW"), (1, "NCHW"), ("n", "NHWC")])
def test_it_describes_as_the_network_it_came_from(tmp_path: Path, batch: int | str, layout: str) -> None:
    path = encoder(tmp_path / "e.onnx", batch=batch, layout=layout)
    (tmp_path / "p.json").write_text(
        json.dumps(
            {
                "side_px": SIDE,
                "mean": [123.675, 116.28, 103.53],
                "std": [58.395, 57.12, 57.375],
                "values": "0-255",
                "layout": layout,
            }
        )
    )
    imported = import_onnx(path, tmp_path / "p.json", tmp_path / "model", ImportOptions())
    assert imported.record.preparation.normalisation == TORCHVISION.normalisation
    extractor = open_model(str(tmp_path / "model"))
    assert extractor.device.startswith("cpu (onnxruntime ")
    pictures = random_pictures(extractor, 5)
    assert np.abs(extractor.describe(pictures) - expected(pictures)).max() < 1e-4
    extractor.close()


def test_the_bits_depend_neither_on_companions_nor_on_threads(preparation: Path, tmp_path: Path) -> None:
    import_onnx(encoder(tmp_path / "e.onnx"), preparation, tmp_path / "model", ImportOptions())
    described = []
    for threads in (1, 4):
        extractor = open_model(str(tmp_path / "model"), threads=threads)
        pictures = random_pictures(extractor, 9)
        alone = np.concatenate([extractor.describe(pictures[row : row + 1]) for row in range(9)])
        described += [alone, extractor.describe(pictures)]
        extractor.close()
    for other in described[1:]:
        np.testing.assert_array_equal(described[0], other)


def test_by_command_with_a_pooling(
    preparation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, model = encoder(tmp_path / "e.onnx"), str(tmp_path / "model")
    command = ["model", "import", str(path), "--out", model, "--preparation", str(preparation)]
    assert run([*command, "--pooling", "gem:3+max", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dimension"] == 16
    assert run(["model", "verify", model]) == 0
    content = (tmp_path / "model" / "network.onnx").read_bytes()
    (tmp_path / "model" / "network.onnx").write_bytes(content[:-1] + b"\0")
    assert run(["model", "verify", model]) == 1
    assert "is not the one the model was recorded with" in capsys.readouterr().err


def changed(path: Path, change: str) -> Path:
    model = onnx.load(encoder(path))
    if change == "external":
        onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
        return path
    if change == "custom":
        model.graph.node[0].domain = "evil.ops"
        model.opset_import.append(helper.make_opsetid("evil.ops", 1))
    if change == "loop":
        model.graph.node[1].op_type = "Loop"
    if change == "huge":
        model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 1 << 40
    if change == "hidden":
        inner = helper.make_graph([helper.make_node("Relu", ["a"], ["b"], domain="evil.ops")], "g", [], [])
        model.graph.node[1].attribute.append(helper.make_attribute("body", inner))
    if change == "two inputs":
        model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("external", "lie in another file"),
        ("custom", "operators of its own"),
        ("hidden", "operators of its own"),
        ("loop", "a loop"),
        ("huge", "no image encoder needs"),
        ("two inputs", "no single batch"),
    ],
)
def test_files_that_are_more_than_a_network_are_refused(
    tmp_path: Path, preparation: Path, change: str, reason: str
) -> None:
    path = changed(tmp_path / "e.onnx", change)
    with pytest.raises(ModelError, match=reason):
        import_onnx(path, preparation, tmp_path / "model", ImportOptions())
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "content", [b"", b"\x08\x08", b"PK\x03\x04" + bytes(100), bytes(64), b"\x3a\xff\xff\x7f"]
)
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, preparation: Path, content: bytes) -> None:
    (tmp_path / "e.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="no ONNX network"):
        import_onnx(tmp_path / "e.onnx", preparation, tmp_path / "model", ImportOptions())


def test_a_truncated_file_is_refused(tmp_path: Path, preparation: Path) -> None:
    content = encoder(tmp_path / "e.onnx").read_bytes()
    for size in range(100, len(content), 400):
        (tmp_path / "cut.onnx").write_bytes(content[:size])
        with pytest.raises(ModelError):
            import_onnx(tmp_path / "cut.onnx", preparation, tmp_path / "model", ImportOptions())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("side_px = 32", "“mean” is missing"),
        (PREPARATION + "sise = 3", "“sise”, which is not known"),
        (PREPARATION.replace("32", "0"), "whole number"),
        (PREPARATION + 'fit = "stretch"', "none of crop"),
        (PREPARATION.replace("0.229", "0.0"), "no usable normalisation"),
        ("side_px = ", "cannot be read"),
        (PREPARATION + "output = -1", "from 0 to 64"),
    ],
)
def test_a_preparation_file_is_checked(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(ModelError, match=reason):
        read_preparation_file(tmp_path / "p.toml")


def test_an_onnx_file_needs_its_preparation(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--preparation"):
        import_onnx(encoder(tmp_path / "e.onnx"), None, tmp_path / "model", ImportOptions())


def test_pictures_of_another_size_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(PREPARATION.replace(f"= {SIDE}", "= 64"))
    with pytest.raises(ModelError, match="any × 3 × 32 × 32"):
        import_onnx(encoder(tmp_path / "e.onnx"), tmp_path / "p.toml", tmp_path / "model", ImportOptions())
