"""Landmark-retrieval checkpoints and the layers that are learned at import, against plain transcriptions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.cluster.vq
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file, save_file

from geolocdesk.errors import ModelError, UsageError
from geolocdesk.features.importers.checkpoint import import_checkpoint
from geolocdesk.features.importers.imported_model import ImportOptions
from geolocdesk.features.importers.netvlad import begin_netvlad, cluster
from geolocdesk.features.model_pack import open_model
from geolocdesk.features.projection import Projection, fit_projection
from tests.unit.features.extractor_contract import random_pictures

Floats = NDArray[np.float32]


def unit(values: NDArray[Any]) -> NDArray[Any]:
    lengths: NDArray[Any] = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.asarray(values / lengths)


def describe(
    model: Path, pictures: NDArray[np.uint8] | None = None
) -> tuple[Floats, NDArray[np.uint8], Floats]:
    """Return descriptors, the pictures and the pictures as the network takes them."""
    extractor = open_model(str(model), device="cpu")
    taken = random_pictures(extractor, 2) if pictures is None else pictures
    found = extractor.describe(taken)
    prepared = extractor.identity.preparation.normalisation.apply(taken)
    extractor.close()
    return found, taken, prepared


def test_a_netvlad_checkpoint_describes_as_its_public_code(
    vgg16_weights: dict[str, Floats], tmp_path: Path
) -> None:
    """Encoder without its last ReLU, soft assignment, residuals, then the whitening of Patch-NetVLAD's layout."""
    import torch
    import torchvision
    from torch.nn import functional

    random = np.random.default_rng(6)
    centroids, conv = (random.normal(size=(4, 512)).astype(np.float32) for _ in range(2))
    weight, bias = random.normal(size=(32, 4 * 512)) * 0.02, random.normal(size=32) * 0.1
    state = {
        f"encoder.{name.removeprefix('features.')}": torch.from_numpy(values)
        for name, values in vgg16_weights.items()
    }
    state |= {
        "pool.centroids": torch.from_numpy(centroids),
        "pool.conv.weight": torch.from_numpy(conv[:, :, None, None]),
        "WPCA.0.weight": torch.from_numpy(weight.astype(np.float32)[:, :, None, None]),
        "WPCA.0.bias": torch.from_numpy(bias.astype(np.float32)),
    }
    torch.save({"epoch": 30, "state_dict": state, "recalls": [0.5]}, tmp_path / "mapillary.pth.tar")
    record = import_checkpoint(tmp_path / "mapillary.pth.tar", tmp_path / "model").record
    assert record.identity().dimension == 4 * 512
    assert [part.to_json() for part in record.pooling] == [
        {"feature_map": "conv5_3-linear", "statistic": "netvlad", "parameter": 4.0}
    ]
    found, _, prepared = describe(tmp_path / "model")
    encoder = torchvision.models.vgg16(weights=None).features[:29]
    encoder.load_state_dict(
        {name.removeprefix("features."): torch.from_numpy(values) for name, values in vgg16_weights.items()}
    )
    with torch.inference_mode():
        x = functional.normalize(encoder(torch.from_numpy(prepared).permute(0, 3, 1, 2)), p=2, dim=1)
        soft = functional.softmax(
            functional.conv2d(x, torch.from_numpy(conv)[:, :, None, None]).flatten(2), dim=1
        )
        flat = x.flatten(2)
        vlad = torch.zeros(2, 4, 512)
        for number in range(4):
            residual = flat - torch.from_numpy(centroids)[number][None, :, None]
            vlad[:, number] = (residual * soft[:, number : number + 1]).sum(dim=-1)
        pooled = functional.normalize(functional.normalize(vlad, p=2, dim=2).flatten(1), p=2, dim=1).numpy()
    np.testing.assert_allclose(found, unit(pooled @ weight.T + bias), atol=1e-4)
    assert found.shape == (2, 32)


def tiny(tmp_path: Path) -> dict[str, Floats]:
    import timm
    import torch

    torch.manual_seed(4)
    model = timm.create_model("test_resnet", pretrained=False)
    weights = {name: tensor.float().numpy() for name, tensor in model.state_dict().items()}
    save_file(weights, tmp_path / "tiny.safetensors")
    return weights


def test_a_resnet_in_a_list_with_gem_and_whitening(tmp_path: Path) -> None:
    """As CNN Image Retrieval saves it: children in one list, pool.p, whiten."""
    import torch
    import torchvision
    from torch import nn

    torch.manual_seed(5)
    network = torchvision.models.resnet18(weights=None).eval()
    body = nn.Sequential(*list(network.children())[:-2])
    whiten = nn.Linear(512, 40)
    state = {f"features.{name}": tensor for name, tensor in body.state_dict().items()}
    state |= {f"whiten.{name}": tensor for name, tensor in whiten.state_dict().items()}
    torch.save({"state_dict": {**state, "pool.p": torch.tensor([2.5])}}, tmp_path / "gem.pth")
    imported = import_checkpoint(tmp_path / "gem.pth", tmp_path / "model")
    assert imported.record.architecture == "torchvision/resnet18"
    found, _, prepared = describe(tmp_path / "model")
    with torch.inference_mode():
        maps = body(torch.from_numpy(prepared).permute(0, 3, 1, 2)).clamp(min=1e-6)
        gem = nn.functional.normalize(maps.pow(2.5).mean(dim=(2, 3)).pow(1 / 2.5), dim=1)
        expected = nn.functional.normalize(whiten(gem), dim=1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    random = np.random.default_rng(8)
    for number in range(24):
        coarse = Image.fromarray(random.integers(0, 256, (5, 7, 3), np.uint8))
        coarse.resize((210, 150), Image.Resampling.BICUBIC).save(folder / f"{number:02d}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.mark.parametrize("whitening", [0.0, 0.5, 1.0])
def test_components_are_those_of_the_sample_photos(tmp_path: Path, sample: Path, whitening: float) -> None:
    tiny(tmp_path)
    plain = ImportOptions(architecture="timm/test_resnet")
    import_checkpoint(tmp_path / "tiny.safetensors", tmp_path / "plain", plain)
    options = ImportOptions(architecture="timm/test_resnet", photos=sample, components=6, whitening=whitening)
    imported = import_checkpoint(tmp_path / "tiny.safetensors", tmp_path / "model", options)
    assert any("6 principal components of 24 photos" in remark for remark in imported.remarks)
    found, pictures, _ = describe(tmp_path / "model")
    projection = imported.record.projection
    assert projection is not None
    assert projection.dimension == 6
    stored = load_file(tmp_path / "model" / "projection.safetensors")
    before, _, _ = describe(tmp_path / "plain", pictures)
    np.testing.assert_allclose(found, unit((before - stored["mean"]) @ stored["matrix"]), atol=1e-5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "plain", "tiny.safetensors"]


def test_a_projection_equals_numpys_decomposition() -> None:
    random = np.random.default_rng(3)
    few = random.normal(size=(40, 5000)).astype(np.float32) * np.linspace(3, 0.1, 5000, dtype=np.float32)
    for rows, power in ((few, 1.0), (few[:, :60], 0.5), (few[:, :60], 0.0)):
        projection = fit_projection(rows, 10, whitening=power)
        centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
        _, values, directions = np.linalg.svd(centred, full_matrices=False)
        variances = values[:10] ** 2 / (len(rows) - 1)
        expected = (centred @ directions[:10].T) / variances ** (power / 2)
        made = (rows - projection.mean) @ projection.matrix
        np.testing.assert_allclose(np.abs(made), np.abs(expected), atol=2e-3 * np.abs(expected).max())


def test_a_projection_from_a_file(tmp_path: Path) -> None:
    tiny(tmp_path)
    random = np.random.default_rng(4)
    mean, matrix = random.normal(size=64).astype(np.float32), random.normal(size=(64, 9)).astype(np.float32)
    width = (
        import_checkpoint(
            tmp_path / "tiny.safetensors", tmp_path / "plain", ImportOptions(architecture="timm/test_resnet")
        )
        .record.identity()
        .dimension
    )
    mean, matrix = np.resize(mean, width), np.resize(matrix, (width, 9))
    Projection(mean, np.ascontiguousarray(matrix), 7).save(tmp_path / "p.safetensors")
    options = ImportOptions(architecture="timm/test_resnet", projection=tmp_path / "p.safetensors")
    import_checkpoint(tmp_path / "tiny.safetensors", tmp_path / "model", options)
    found, pictures, _ = describe(tmp_path / "model")
    before, _, _ = describe(tmp_path / "plain", pictures)
    np.testing.assert_allclose(found, unit((before - mean) @ matrix), atol=1e-5)


def test_netvlad_is_begun_from_the_sample_photos(tmp_path: Path, sample: Path) -> None:
    tiny(tmp_path)
    options = ImportOptions(architecture="timm/test_resnet", photos=sample, pooling="netvlad:3")
    first = import_checkpoint(tmp_path / "tiny.safetensors", tmp_path / "a", options).record
    second = import_checkpoint(tmp_path / "tiny.safetensors", tmp_path / "b", options).record
    assert first.identity() == second.identity()
    weights = load_file(tmp_path / "a" / "weights.safetensors")
    centroids = weights["pooling.netvlad.centroids"]
    assert len(centroids) == 3
    np.testing.assert_allclose(unit(weights["pooling.netvlad.assignment"]), unit(centroids), atol=1e-5)
    found, _, _ = describe(tmp_path / "a")
    assert found.shape == (2, 3 * centroids.shape[1])
    with pytest.raises(UsageError, match="--photos"):
        import_checkpoint(
            tmp_path / "tiny.safetensors",
            tmp_path / "c",
            ImportOptions(architecture="timm/test_resnet", pooling="netvlad:3"),
        )
    assert not (tmp_path / "c").exists()


def test_clusters_are_scipys_from_the_same_start() -> None:
    random = np.random.default_rng(1)
    points = np.concatenate([random.normal(centre, 0.1, (50, 4)) for centre in (-2.0, 0.0, 3.0)])
    found = cluster(points.astype(np.float32), 3)
    start = points[np.random.default_rng(2017).choice(len(points), 3, replace=False)]
    expected, _ = scipy.cluster.vq.kmeans2(points, start, iter=30, minit="matrix", missing="raise")
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_sharpness_of_netvlad_is_the_papers() -> None:
    positions = np.random.default_rng(2).normal(size=(300, 6)).astype(np.float32)
    layer = begin_netvlad(positions, 4)
    assignment = layer["pooling.netvlad.assignment"]
    scores = np.sort(unit(positions) @ assignment.T, axis=1)
    assert np.exp(np.mean(scores[:, -1] - scores[:, -2])) == pytest.approx(100.0, rel=1e-3)
    with pytest.raises(ModelError, match="too few"):
        begin_netvlad(positions[:3], 4)


def test_contradictions_are_wrong_usage(tmp_path: Path, sample: Path) -> None:
    tiny(tmp_path)
    for options in (
        ImportOptions(components=4),
        ImportOptions(components=4, photos=sample, fits_projection=True),
        ImportOptions(components=4, photos=sample, whitening=1.5),
        ImportOptions(architecture="timm/test_resnet", pooling="mean+mean"),
        ImportOptions(architecture="timm/test_resnet", pooling="gem:0"),
        ImportOptions(architecture="timm/test_resnet", pooling="mean@block-3"),
        ImportOptions(architecture="timm/test_resnet", pooling="median"),
    ):
        with pytest.raises(UsageError):
            import_checkpoint(tmp_path / "tiny.safetensors", tmp_path / "model", options)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "architecture",
    ["timm/hf-hub:evil/model", "timm/../x", "timm/test_resnet;in_chans=9", "torchvision/swin_t"],
)
def test_names_that_are_no_network_reach_no_library(tmp_path: Path, architecture: str) -> None:
    tiny(tmp_path)
    with pytest.raises(ModelError, match=r"has no network|no option"):
        import_checkpoint(
            tmp_path / "tiny.safetensors", tmp_path / "model", ImportOptions(architecture=architecture)
        )
