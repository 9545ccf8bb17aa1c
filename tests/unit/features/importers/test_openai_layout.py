"""CLIP's vision tower in the layout of OpenAI's and OpenCLIP's own files, beside a plain transcription of their code."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from geolocdesk.errors import ModelError
from geolocdesk.features.importers.checkpoint import import_checkpoint
from geolocdesk.features.importers.imported_model import ImportOptions
from geolocdesk.features.model_pack import open_model
from tests.unit.features.importers.photos import described

if TYPE_CHECKING:
    import torch

WIDTH, HEADS, LAYERS, PATCH, SIDE, OUTPUT = 128, 2, 3, 16, 64, 48
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@pytest.fixture
def photos() -> list[Image.Image]:
    generator = np.random.default_rng(8)
    sizes = ((90, 130), (200, 121), (64, 64))
    return [
        Image.fromarray(generator.integers(0, 256, (7, 9, 3), np.uint8)).resize(
            size, Image.Resampling.BICUBIC
        )
        for size in sizes
    ]


def random_state() -> "dict[str, torch.Tensor]":
    import torch

    torch.manual_seed(6)
    shapes = {
        "conv1.weight": (WIDTH, 3, PATCH, PATCH),
        "class_embedding": (WIDTH,),
        "positional_embedding": ((SIDE // PATCH) ** 2 + 1, WIDTH),
        "proj": (WIDTH, OUTPUT),
    }
    for norm in ("ln_pre", "ln_post"):
        shapes |= {f"{norm}.weight": (WIDTH,), f"{norm}.bias": (WIDTH,)}
    for layer in range(LAYERS):
        block = f"transformer.resblocks.{layer}."
        shapes |= {
            f"{block}attn.in_proj_weight": (3 * WIDTH, WIDTH),
            f"{block}attn.in_proj_bias": (3 * WIDTH,),
            f"{block}attn.out_proj.weight": (WIDTH, WIDTH),
            f"{block}attn.out_proj.bias": (WIDTH,),
            f"{block}mlp.c_fc.weight": (4 * WIDTH, WIDTH),
            f"{block}mlp.c_fc.bias": (4 * WIDTH,),
            f"{block}mlp.c_proj.weight": (WIDTH, 4 * WIDTH),
            f"{block}mlp.c_proj.bias": (WIDTH,),
        }
        for norm in ("ln_1", "ln_2"):
            shapes |= {f"{block}{norm}.weight": (WIDTH,), f"{block}{norm}.bias": (WIDTH,)}
    scales = {"conv1.weight": 0.5}  # so that photos differ in what follows
    return {f"visual.{name}": scales.get(name, 0.1) * torch.randn(shape) for name, shape in shapes.items()}


def prepared(photo: Image.Image) -> NDArray[np.float32]:
    """Return a photo as their ``preprocess`` does: the short side to the network's, a centred square, normalised."""
    short = min(photo.size)
    size = tuple(SIDE if side == short else int(SIDE * side / short) for side in photo.size)
    small = photo.resize((size[0], size[1]), Image.Resampling.BICUBIC)
    left, top = round((size[0] - SIDE) / 2), round((size[1] - SIDE) / 2)
    values = np.asarray(small.crop((left, top, left + SIDE, top + SIDE)), np.float32) / 255
    return np.asarray((values - np.array(MEAN, np.float32)) / np.array(STD, np.float32), np.float32)


def encoded(
    state: "dict[str, torch.Tensor]", photos: list[Image.Image], *, quick: bool
) -> NDArray[np.float32]:
    import torch
    from torch.nn import functional

    own = {name.removeprefix("visual."): tensor for name, tensor in state.items()}

    def norm(values: "torch.Tensor", name: str) -> "torch.Tensor":
        return functional.layer_norm(values, (WIDTH,), own[f"{name}.weight"], own[f"{name}.bias"])

    pictures = torch.from_numpy(np.stack([prepared(photo) for photo in photos])).permute(0, 3, 1, 2)
    patches = functional.conv2d(pictures, own["conv1.weight"], stride=PATCH).flatten(2).permute(0, 2, 1)
    first = own["class_embedding"].expand(len(photos), 1, WIDTH)
    tokens = norm(torch.cat([first, patches], dim=1) + own["positional_embedding"], "ln_pre")
    for layer in range(LAYERS):
        block = f"transformer.resblocks.{layer}."
        seen = norm(tokens, f"{block}ln_1")
        joint = functional.linear(seen, own[f"{block}attn.in_proj_weight"], own[f"{block}attn.in_proj_bias"])
        asked, given, told = (
            part.reshape(len(photos), -1, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in joint.chunk(3, dim=2)
        )
        share = (asked @ given.transpose(2, 3) / (WIDTH // HEADS) ** 0.5).softmax(dim=-1)
        mixed = (share @ told).transpose(1, 2).flatten(2)
        tokens = tokens + functional.linear(
            mixed, own[f"{block}attn.out_proj.weight"], own[f"{block}attn.out_proj.bias"]
        )
        wide = functional.linear(
            norm(tokens, f"{block}ln_2"), own[f"{block}mlp.c_fc.weight"], own[f"{block}mlp.c_fc.bias"]
        )
        active = wide * torch.sigmoid(1.702 * wide) if quick else functional.gelu(wide)
        tokens = tokens + functional.linear(
            active, own[f"{block}mlp.c_proj.weight"], own[f"{block}mlp.c_proj.bias"]
        )
    found = functional.normalize(norm(tokens[:, 0], "ln_post") @ own["proj"], dim=1)
    return np.asarray(found.numpy(), np.float32)


@pytest.mark.parametrize("quick", [False, True])
def test_a_state_dictionary_describes_as_openais_program(
    tmp_path: Path, photos: list[Image.Image], quick: bool
) -> None:
    import torch

    state = random_state()
    extra = {"context_length": torch.tensor(77), "logit_scale": torch.tensor(4.6)}
    torch.save({**state, **extra}, tmp_path / "tower.pt")
    sizes = f"depth={LAYERS};embed_dim={WIDTH};img_size={SIDE};num_heads={HEADS};patch_size={PATCH}"
    act = "quick_gelu" if quick else "gelu"
    options = ImportOptions(
        architecture=f"timm/vit_base_patch16_clip_224;act_layer={act};{sizes}", side_px=SIDE
    )
    imported = import_checkpoint(tmp_path / "tower.pt", tmp_path / "model", options)
    assert any("OpenAI" in remark for remark in imported.remarks)
    ours = described(open_model(str(tmp_path / "model"), device="cpu"), photos)
    expected = encoded(state, photos, quick=quick)
    assert np.abs(ours - expected).max() < 1e-4
    assert np.ptp(expected, axis=0).max() > 0.01


@pytest.mark.parametrize("quick", [False, True])
def test_a_folder_of_openclip_describes_as_its_program(
    tmp_path: Path, photos: list[Image.Image], quick: bool
) -> None:
    from safetensors.torch import save_file

    state = random_state()
    folder = write_folder(tmp_path / "folder", {"layers": LAYERS, "width": WIDTH, "patch_size": PATCH}, quick)
    save_file(state, folder / "open_clip_model.safetensors")
    import_checkpoint(folder, tmp_path / "model", ImportOptions())
    ours = described(open_model(str(tmp_path / "model"), device="cpu"), photos)
    assert np.abs(ours - encoded(state, photos, quick=quick)).max() < 1e-3


def test_openclips_residual_networks_are_refused_with_the_way_out(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    folder = write_folder(tmp_path / "folder", {"layers": [3, 4, 6, 3], "width": 64}, quick=False)
    save_file(random_state(), folder / "open_clip_model.safetensors")
    with pytest.raises(ModelError, match="resnet50_clip"):
        import_checkpoint(folder, tmp_path / "model", ImportOptions())


def write_folder(folder: Path, vision: dict[str, object], quick: bool) -> Path:
    folder.mkdir()
    model = {
        "embed_dim": OUTPUT,
        "quick_gelu": quick,
        "vision_cfg": {"image_size": SIDE, **vision},
        "text_cfg": {},
    }
    pictures = {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "shortest"}
    text = json.dumps({"model_cfg": model, "preprocess_cfg": pictures})
    (folder / "open_clip_config.json").write_text(text)
    return folder
