"""Imported networks against the libraries they come from, on real photos: preparation, network and pooling."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from geolocdesk.features.importers.checkpoint import import_checkpoint
from geolocdesk.features.importers.imported_model import ImportOptions
from geolocdesk.features.model_pack import open_model
from tests.unit.features.importers.photos import described, real_photos

if TYPE_CHECKING:
    import torch

pytestmark = pytest.mark.shared

Floats = NDArray[np.float32]
Theirs: TypeAlias = Any
"""A network of another library, which mypy does not know."""


@pytest.fixture(scope="module")
def photos(shared_folder: Path) -> list[Image.Image]:
    return real_photos(shared_folder)


def ours(model: Path, photos: list[Image.Image]) -> Floats:
    extractor = open_model(str(model), device="cpu")
    try:
        return described(extractor, photos)
    finally:
        extractor.close()


def unit(values: "torch.Tensor") -> Floats:
    rows = values.detach().flatten(1).numpy()
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def timm_config(name: str) -> dict[str, Any]:
    import timm

    found = timm.get_pretrained_cfg(name)
    assert found is not None
    return asdict(found)


def stirred(model: Theirs, seed: int = 3) -> Theirs:
    """Return a network whose every tensor differs from what it began with, so that none can be left out unseen."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in model.state_dict().values():
            if not tensor.is_floating_point():
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if tensor.ndim < 2:
                tensor.add_(noise * 0.05)
            elif float(tensor.abs().max()) == 0.0:
                tensor.add_(noise * 0.02)
        return with_statistics(model, torch.randn((8, 3, 64, 64), generator=generator))


def with_statistics(model: Theirs, pictures: "torch.Tensor") -> Theirs:
    """Return a network whose batch normalisations have seen pictures, so that signals keep their size."""
    from torch import nn

    normalisations = [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]
    if normalisations:
        for part in normalisations:
            part.momentum = 1.0
        model.train()(pictures)
    return model.eval()


def timm_model(name: str) -> Theirs:
    import timm
    import torch

    torch.manual_seed(7)
    return stirred(timm.create_model(name, pretrained=False))


def timm_pictures(config: dict[str, Any], photos: list[Image.Image]) -> "torch.Tensor":
    import torch
    from timm.data.config import resolve_data_config
    from timm.data.transforms_factory import create_transform

    transform: Any = create_transform(**resolve_data_config({}, pretrained_cfg=config))  # type: ignore[no-untyped-call]  # as timm wrote it
    return torch.stack([transform(photo) for photo in photos])


TIMM = (
    "test_resnet",
    "test_efficientnet",
    "vit_tiny_patch16_224",
    "vit_xsmall_patch16_clip_224",
    "swin_tiny_patch4_window7_224",
)


@pytest.mark.parametrize("name", TIMM)
def test_timms_networks_describe_as_timm_does(name: str, tmp_path: Path, photos: list[Image.Image]) -> None:
    import torch
    from safetensors.torch import save_file

    with_head = "clip" in name
    theirs = timm_model(name)
    save_file(dict(theirs.state_dict()), tmp_path / "weights.safetensors")
    options = ImportOptions(architecture=f"timm/{name}")
    imported = import_checkpoint(tmp_path / "weights.safetensors", tmp_path / "model", options)
    assert any("timm" in remark for remark in imported.remarks)
    if not with_head:
        theirs.reset_classifier(0)
    with torch.inference_mode():
        expected = unit(theirs(timm_pictures(timm_config(name), photos)))
    assert np.abs(ours(tmp_path / "model", photos) - expected).max() < 1e-4
    assert np.abs(expected[0] - expected[1]).max() > 1e-3


def test_dinov2_is_told_from_its_tensors_and_runs_at_another_size(
    tmp_path: Path, photos: list[Image.Image]
) -> None:
    """As the official repository's state dictionary: with its mask token, and embeddings for 518 pixels."""
    import timm
    import torch
    from timm.models.vision_transformer import checkpoint_filter_fn

    theirs = timm_model("vit_small_patch14_dinov2")
    state = dict(theirs.state_dict())
    torch.save({**state, "mask_token": torch.zeros(1, 384)}, tmp_path / "dinov2_vits14_pretrain.pth")
    options = ImportOptions(side_px=98, pooling="cls+mean")
    imported = import_checkpoint(tmp_path / "dinov2_vits14_pretrain.pth", tmp_path / "model", options)
    assert imported.record.architecture == "timm/vit_small_patch14_dinov2;img_size=98"
    small: Any = timm.create_model("vit_small_patch14_dinov2", img_size=98, pretrained=False).eval()
    small.load_state_dict(checkpoint_filter_fn(state, small))
    config = {**timm_config("vit_small_patch14_dinov2"), "input_size": (3, 98, 98)}
    with torch.inference_mode():
        tokens = small.forward_features(timm_pictures(config, photos))
    expected = np.concatenate([unit(tokens[:, 0]), unit(tokens[:, 1:].mean(dim=1))], axis=1) / np.sqrt(2)
    assert np.abs(ours(tmp_path / "model", photos) - expected).max() < 1e-4


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0", "mobilenet_v3_small"])
def test_torchvisions_networks_are_recognised_and_describe_alike(
    name: str, tmp_path: Path, photos: list[Image.Image]
) -> None:
    import torch
    import torchvision
    from torch import nn

    torch.manual_seed(8)
    theirs = stirred(torchvision.models.get_model(name, weights=None))
    weights = torchvision.models.get_model_weights(name).DEFAULT
    path = tmp_path / weights.url.rpartition("/")[2]
    torch.save(theirs.state_dict(), path)
    imported = import_checkpoint(path, tmp_path / "model")
    assert imported.record.architecture == f"torchvision/{name}"
    if name == "resnet18":
        theirs.fc = nn.Identity()
    else:
        theirs.classifier[-1] = nn.Identity()
    pictures = torch.stack([weights.transforms()(photo) for photo in photos])
    with torch.inference_mode():
        expected = unit(theirs(pictures))
    assert np.abs(ours(tmp_path / "model", photos) - expected).max() < 1e-4


def clip_folder(folder: Path, **options: int) -> Theirs:
    import transformers

    vision = {
        "hidden_size": 64,
        "intermediate_size": 160,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "image_size": 56,
        "patch_size": 14,
        **options,
    }
    model = transformers.CLIPVisionModelWithProjection(
        transformers.CLIPVisionConfig(**vision, projection_dim=48)
    )
    processor = transformers.CLIPImageProcessor(
        size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}
    )
    processor.save_pretrained(folder)
    return model


def siglip_folder(folder: Path) -> Theirs:
    import transformers

    sizes = {"hidden_size": 64, "intermediate_size": 172, "num_hidden_layers": 2, "num_attention_heads": 4}
    model = transformers.SiglipVisionModel(
        transformers.SiglipVisionConfig(**sizes, image_size=64, patch_size=16)
    )
    transformers.SiglipImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    return model


def dinov2_folder(folder: Path, *, registers: bool = False) -> Theirs:
    import transformers

    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    kind = "Dinov2WithRegisters" if registers else "Dinov2"
    config = getattr(transformers, f"{kind}Config")(**sizes, image_size=126, patch_size=14)
    transformers.BitImageProcessor(
        size={"shortest_edge": 64},
        crop_size={"height": 56, "width": 56},
        image_mean=[0.485, 0.456, 0.406],
        image_std=[0.229, 0.224, 0.225],
    ).save_pretrained(folder)
    model: Any = getattr(transformers, f"{kind}Model")(config)
    return model


def vit_folder(folder: Path) -> Theirs:
    import transformers

    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    model = transformers.ViTModel(transformers.ViTConfig(**sizes, image_size=64, patch_size=16))
    transformers.ViTImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    return model


TRANSFORMERS: dict[str, tuple[Callable[[Path], Theirs], Callable[[Any], "torch.Tensor"]]] = {
    "clip": (clip_folder, lambda made: made.image_embeds),
    "siglip": (siglip_folder, lambda made: made.pooler_output),
    "dinov2": (dinov2_folder, lambda made: made.pooler_output),
    "dinov2 with registers": (
        lambda folder: dinov2_folder(folder, registers=True),
        lambda made: made.pooler_output,
    ),
    "vit": (vit_folder, lambda made: made.last_hidden_state[:, 0]),
}


@pytest.mark.parametrize("kind", list(TRANSFORMERS))
def test_folders_of_transformers_describe_as_transformers_does(
    kind: str, tmp_path: Path, photos: list[Image.Image]
) -> None:
    import torch

    folder = tmp_path / "saved"
    build, embedding = TRANSFORMERS[kind]
    torch.manual_seed(9)
    theirs = stirred(build(folder))
    theirs.save_pretrained(folder)
    import_checkpoint(folder, tmp_path / "model")
    extractor = open_model(str(tmp_path / "model"), device="cpu")
    found = described(extractor, photos)
    with torch.inference_mode():
        expected = unit(embedding(theirs(pixel_values=pillow_pixels(folder, photos))))
    extractor.close()
    assert np.abs(found - expected).max() < 1e-4
    assert np.abs(expected[0] - expected[1]).max() > 1e-3


def pillow_pixels(folder: Path, photos: list[Image.Image]) -> "torch.Tensor":
    """Return what transformers' own processor makes of photos with Pillow, as every processor once did."""
    import torch
    import transformers

    config = json.loads((folder / "preprocessor_config.json").read_text())
    kind = str(config["image_processor_type"])
    processor = getattr(transformers, f"{kind}Pil").from_pretrained(folder)
    pixels: torch.Tensor = processor(images=photos, return_tensors="pt")["pixel_values"]
    return pixels
