"""Checkpoints of timm, torchvision, OpenAI, OpenCLIP and transformers, turned into networks this program runs."""

import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.networks.backbone import Backbone
from geolocdesk.features.networks.timm_network import TimmName, new_timm_model, timm_backbone
from geolocdesk.features.networks.torchvision_network import (
    last_layer,
    new_torchvision_model,
    torchvision_backbone,
    torchvision_names,
)

if TYPE_CHECKING:
    import torch
    from torch import nn

    from geolocdesk.features.networks.state import State

_WRAPPERS = ("module.", "model.", "backbone.", "encoder.")
"""What training code puts before every name."""

_WITH_HEAD = re.compile(r"_clip_")
"""timm's image towers of CLIP: their last layer is no classifier but belongs to the embedding."""

_TORCHVISION_MARKS = (
    ("features.denseblock1.", "densenet"),
    ("features.1.0.layer_scale", "convnext"),
    ("features.1.0.block.", "efficientnet"),
    ("features.1.block.", "mobilenet_v3"),
    ("features.1.conv.", "mobilenet_v2"),
    ("features.0.weight", "vgg"),
    ("features.0.weight", "alexnet"),
)
"""What a tensor's name holds in one family of torchvision's networks and in no other."""

_VIT_SIZES = {192: "tiny", 384: "small", 768: "base", 1024: "large", 1280: "huge"}
_DINOV2_SIZES = {384: "small", 768: "base", 1024: "large", 1536: "giant"}


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A network with its weights as they are stored in a model folder."""

    architecture: str
    weights: Mapping[str, NDArray[np.float32]]
    feature_maps: Mapping[str, int]
    prefix_tokens: int
    """How many tokens of a transformer's map are no patches."""


def convert(state: "State", architecture: str, file: Path, *, side_px: int) -> Converted:
    """Return the weights of a named network from a checkpoint in the layout of its library or of OpenCLIP.

    ``architecture`` is ``timm/NAME`` with options, or ``torchvision/NAME``. Raises ModelError where the
    checkpoint holds another network.
    """
    return _checked(_read(unwrapped(state), architecture, file, side_px), file, side_px)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """A network without its own weights, and those of a checkpoint by its names."""

    architecture: str
    made: "nn.Module"
    backbone: Backbone
    state: "State"


def _read(state: "State", architecture: str, file: Path, side_px: int) -> _Reading:
    library, _, name = architecture.partition("/")
    if library == "torchvision":
        made = _meta(lambda: new_torchvision_model(name))
        whole = _without(state, (last_layer(made) + ".",))
        return _Reading(architecture, made, torchvision_backbone(made), whole)
    full = _fitted(TimmName.parse(name), state, side_px)
    made = _meta(lambda: new_timm_model(full))
    return _Reading(f"timm/{full}", made, timm_backbone(made), _by_timm(state, made, file))


def convert_tower(name: TimmName, state: "State", file: Path, *, side_px: int) -> Converted:
    """Return a tower of transformers whose tensors have timm's names already. Raises ModelError."""
    made = _meta(lambda: new_timm_model(name))
    return _checked(_Reading(f"timm/{name}", made, timm_backbone(made), state), file, side_px)


def unwrapped(state: "State") -> "State":
    """Return a checkpoint without what training code put before every name."""
    for prefix in _WRAPPERS:
        if state and all(name.startswith(prefix) for name in state):
            return unwrapped({name.removeprefix(prefix): tensor for name, tensor in state.items()})
    return state


def _fitted(name: TimmName, state: "State", side_px: int) -> TimmName:
    """Return a network with the options that only the checkpoint and the pictures' size can tell."""
    if name.name.startswith("vit_") and dict(name.options).get("img_size") is None:
        usual = _usual_side_px(name.name)
        name = name if usual == side_px else name.with_options(img_size=side_px)
    rows = next(
        (len(state[key]) for key in ("head.weight", "visual.head.proj.weight") if key in state),
        state["visual.proj"].shape[1] if "visual.proj" in state else 0,
    )
    return name.with_options(num_classes=rows) if _WITH_HEAD.search(name.name) and rows else name


def _usual_side_px(name: str) -> int:
    import timm

    found = timm.get_pretrained_cfg(name)
    return 224 if found is None else int(found.input_size[-1])


def _by_timm(state: "State", made: "nn.Module", file: Path) -> "State":
    """Return a checkpoint by timm's own names, as timm itself reads it, without its classifier."""
    convert_names = getattr(importlib.import_module(type(made).__module__), "checkpoint_filter_fn", None)
    try:
        whole: State = dict(state) if convert_names is None else convert_names(dict(state), made)
    except (
        KeyError,
        IndexError,
        RuntimeError,
        ValueError,
        TypeError,
        AttributeError,
        AssertionError,
    ) as error:
        message = (
            f"{file} holds the weights of another network than {type(made).__name__}, or they are damaged."
        )
        raise ModelError(message) from error
    classifier = getattr(made, "pretrained_cfg", {}).get("classifier") or ()
    names = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    wanted = made.state_dict()
    return {
        name: tensor
        for name, tensor in whole.items()
        if name in wanted or not name.startswith(tuple(f"{one}." for one in names))
    }


def _without(state: "State", prefixes: tuple[str, ...]) -> "State":
    return {name: tensor for name, tensor in state.items() if not name.startswith(prefixes)}


def _checked(reading: _Reading, file: Path, side_px: int) -> Converted:
    """Return the conversion, its tensors compared with the network's and its maps measured without computing."""
    import torch

    architecture, backbone, state = reading.architecture, reading.backbone, reading.state
    fault = _difference(reading.made.state_dict(), state)
    if fault:
        message = f"{file} holds the weights of another network than {architecture}: {fault}."
        raise ModelError(message)
    if not all(bool(torch.isfinite(tensor).all()) for tensor in state.values()):
        message = f"{file} holds weights that are no finite numbers; bring an undamaged file."
        raise ModelError(message)
    maps: dict[str, int] = {}
    values = torch.empty((1, 3, side_px, side_px), device="meta")
    try:
        for name, part in backbone.stages:
            values = part.eval()(values)
            maps[name] = int(values.shape[2] if values.ndim == 3 else values.shape[1])
    except (RuntimeError, AssertionError, ValueError) as error:
        message = f"{architecture} takes no pictures of {side_px} pixels: {error}."
        raise ModelError(message) from error
    weights = {name: tensor.float().contiguous().numpy() for name, tensor in state.items()}
    return Converted(architecture, weights, maps, backbone.prefix_tokens)


def _difference(wanted: "Mapping[str, torch.Tensor]", state: "State") -> str:
    """Return the first tensor that is missing, left over or of another shape, in words; nothing where all fit."""
    for name, tensor in wanted.items():
        if name not in state:
            return f"“{name}” is missing"
        if state[name].shape != tensor.shape:
            theirs, ours = (" × ".join(map(str, one.shape)) for one in (state[name], tensor))
            return f"“{name}” is {theirs or 'one number'}, not {ours or 'one number'}"
    left = [name for name in state if name not in wanted]
    return f"“{left[0]}” is left over" if left else ""


def _meta(build: "Callable[[], nn.Module]") -> "nn.Module":
    import torch

    with torch.device("meta"):
        return build()


def recognise(state: "State", file: Path) -> str:
    """Return the architecture a checkpoint without any description is of. Raises ModelError where it cannot be told."""
    state = unwrapped(state)
    likely = tuple(_candidates(state))
    fitting = [name for name in likely if _fits(name, state, file)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        message = (
            f"{file} fits several networks that compute different things: {', '.join(fitting)}. Say which it is "
            "with --architecture."
        )
        raise ModelError(message)
    shown = ", ".join(list(state)[:3])
    message = (
        f"Which network {file} is of cannot be told from its tensors ({shown} …). Name it with --architecture, "
        "such as timm/vit_base_patch14_dinov2 or torchvision/resnet50."
    )
    raise ModelError(message)


def _fits(architecture: str, state: "State", file: Path) -> bool:
    library, _, name = architecture.partition("/")
    side = 224 if library == "torchvision" else _usual_side_px(TimmName.parse(name).name)
    try:
        reading = _read(state, architecture, file, side)
    except ModelError:
        return False
    return not _difference(reading.made.state_dict(), reading.state)


def _candidates(state: "State") -> Iterable[str]:
    """Yield the networks a checkpoint's names and shapes speak for."""
    if "layer1.0.conv1.weight" in state and "conv1.weight" in state:
        yield from _resnets(state)
    elif "conv_proj.weight" in state:
        letter = {768: "b", 1024: "l", 1280: "h"}.get(int(state["conv_proj.weight"].shape[0]), "")
        if letter:
            yield f"torchvision/vit_{letter}_{state['conv_proj.weight'].shape[-1]}"
    elif any(name.startswith("features.") for name in state):
        families = tuple(family for mark, family in _TORCHVISION_MARKS if any(mark in name for name in state))
        yield from (f"torchvision/{name}" for name in torchvision_names() if name.startswith(families))
    elif "conv_stem.weight" in state:
        yield from (f"timm/{name}" for name in _efficientnets())
    elif "visual.class_embedding" in state:
        yield from _clip_towers(state)
    elif "patch_embed.proj.weight" in state:
        yield from _vision_transformers(state)


def _resnets(state: "State") -> Iterable[str]:
    blocks = [
        len({name.split(".")[1] for name in state if name.startswith(f"layer{layer}.")})
        for layer in range(1, 5)
    ]
    bottleneck = "layer1.0.conv3.weight" in state
    depth = {
        ("2-2-2-2", False): "18",
        ("3-4-6-3", False): "34",
        ("3-4-6-3", True): "50",
        ("3-4-23-3", True): "101",
        ("3-8-36-3", True): "152",
    }.get(("-".join(map(str, blocks)), bottleneck))
    if depth is None:
        return
    width, per_group = state["layer1.0.conv2.weight"].shape[:2] if bottleneck else (64, 64)
    kinds = {
        (64, 64): f"resnet{depth}",
        (128, 128): f"wide_resnet{depth}_2",
        (128, 4): f"resnext{depth}_32x4d",
        (256, 8): f"resnext{depth}_32x8d",
        (256, 4): f"resnext{depth}_64x4d",
    }
    name = kinds.get((int(width), int(per_group)))
    if name in torchvision_names():
        yield f"torchvision/{name}"


def _efficientnets() -> Iterable[str]:
    sizes = [f"b{number}" for number in range(8)]
    yield from (f"{before}efficientnet_{size}" for before in ("", "tf_") for size in sizes)
    yield from (f"{before}efficientnet_lite{size}" for before in ("", "tf_") for size in range(5))
    yield from (f"{before}efficientnetv2_{size}" for before in ("", "tf_") for size in ("s", "m", "l"))


def _clip_towers(state: "State") -> Iterable[str]:
    """Yield OpenAI's tower with its activation, or both of OpenCLIP's, whose file does not tell which it is."""
    import timm

    width, _, _, patch = state["visual.conv1.weight"].shape
    grid = round((len(state["visual.positional_embedding"]) - 1) ** 0.5)
    size = {768: "base", 1024: "large", 1280: "huge", 1408: "giant", 1664: "gigantic"}.get(int(width), "")
    openai = "context_length" in state or "input_resolution" in state
    names = [f"vit_{size}_patch{patch}_clip_quickgelu_{grid * patch}"]
    if not openai:
        names.append(f"vit_{size}_patch{patch}_clip_{grid * patch}")
    yield from (f"timm/{name}" for name in names if timm.is_model(name))


def _vision_transformers(state: "State") -> Iterable[str]:
    import timm

    width, _, _, patch = state["patch_embed.proj.weight"].shape
    count = int(state["pos_embed"].shape[1]) if "pos_embed" in state else 0
    side = round(count**0.5) * int(patch)
    size = _VIT_SIZES.get(int(width), "")
    if "blocks.0.ls1.gamma" in state:
        registers = "_reg4" if "reg_token" in state or "register_tokens" in state else ""
        names = [f"vit_{_DINOV2_SIZES.get(int(width), '')}_patch{patch}{registers}_dinov2"]
    elif "attn_pool.latent" in state:
        size = "so400m" if width == 1152 else size
        names = [f"vit_{size}_patch{patch}_siglip_{side}"]
    elif "norm_pre.weight" in state:
        names = [f"vit_{size}_patch{patch}_clip_{kind}{side}" for kind in ("", "quickgelu_")]
    else:
        names = [f"vit_{size}_patch{patch}_{side}"]
    yield from (f"timm/{name}" for name in names if timm.is_model(name))
