"""Vision towers in the layout of Hugging Face's transformers, as networks of timm.

CLIP, SigLIP, DINOv2 (with and without registers) and ViT; their ``config.json`` says what the weights cannot.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geolocdesk.errors import ModelError
from geolocdesk.features.fields import Fields
from geolocdesk.features.networks.timm_network import TimmName
from geolocdesk.provenance import JsonValue

if TYPE_CHECKING:
    from geolocdesk.features.networks.state import State

_ACTIVATIONS = {
    "quick_gelu": "quick_gelu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
}


_CLIP_LAYER = (
    (r"self_attn\.out_proj", "attn.proj"),
    (r"layer_norm1", "norm1"),
    (r"layer_norm2", "norm2"),
)
_DINO_LAYER = (
    (r"attention\.output\.dense", "attn.proj"),
    (r"mlp\.weights_in", "mlp.fc1"),
    (r"mlp\.weights_out", "mlp.fc2"),
    (r"layer_scale([12])\.lambda1", r"ls\1.gamma"),
)
_VIT_LAYER = (
    (r"attention\.output\.dense", "attn.proj"),
    (r"layernorm_before", "norm1"),
    (r"layernorm_after", "norm2"),
    (r"intermediate\.dense", "mlp.fc1"),
    (r"^output\.dense", "mlp.fc2"),
)
_CLIP_NAMES = (
    (r"embeddings\.class_embedding", "cls_token"),
    (r"embeddings\.patch_embedding\.", "patch_embed.proj."),
    (r"embeddings\.position_embedding\.weight", "pos_embed"),
    (r"embeddings\.position_ids", ""),
    (r"pre_layrnorm\.", "norm_pre."),
    (r"post_layernorm\.", "norm."),
    (r"head\.probe", "attn_pool.latent"),
    (r"head\.attention\.out_proj\.", "attn_pool.proj."),
    (r"head\.layernorm\.", "attn_pool.norm."),
    (r"head\.mlp\.", "attn_pool.mlp."),
    (r"visual_projection\.weight", "head.weight"),
)
_DINO_NAMES = (
    (r"embeddings\.cls_token", "cls_token"),
    (r"embeddings\.mask_token", ""),
    (r"embeddings\.register_tokens", "reg_token"),
    (r"embeddings\.position_embeddings", "pos_embed"),
    (r"embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"layernorm\.", "norm."),
    (r"pooler\..*", ""),
    (r"classifier\..*", ""),
)
_CLIP_PROJECTIONS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
_VIT_PROJECTIONS = ("attention.attention.query", "attention.attention.key", "attention.attention.value")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of tower is read."""

    base: str
    """timm's network to start from."""
    layer: str
    """How the names of a layer begin, its number as the first group."""
    names: tuple[tuple[str, str], ...]
    """Patterns of names outside the layers and timm's in their place; an empty one leaves the tensor out."""
    layer_names: tuple[tuple[str, str], ...]
    projections: tuple[str, str, str]
    """The layer's own names of what makes query, key and value."""
    activation: str
    """Where the configuration does not name one."""
    eps: float
    """What timm's network adds to a variance before it divides by it."""
    antialias: bool = False
    """Whether position embeddings are smoothed where they are made fewer, as the weights' own code does."""


_CLIP = _Kind(
    "vit_base_patch16_clip_224",
    r"encoder\.layers\.(\d+)\.",
    _CLIP_NAMES,
    _CLIP_LAYER,
    _CLIP_PROJECTIONS,
    "quick_gelu",
    1e-5,
)
_SIGLIP = replace(_CLIP, base="vit_base_patch16_siglip_224", activation="gelu_pytorch_tanh", eps=1e-6)
_DINOV2 = _Kind(
    "vit_base_patch14_dinov2",
    r"encoder\.layer\.(\d+)\.",
    _DINO_NAMES,
    _DINO_LAYER,
    _VIT_PROJECTIONS,
    "gelu",
    1e-6,
)
_DINOV2_REGISTERS = replace(_DINOV2, base="vit_base_patch14_reg4_dinov2", antialias=True)
_VIT = replace(_DINOV2, base="vit_base_patch16_224", layer_names=_VIT_LAYER)

_KINDS = {
    "clip": _CLIP,
    "clip_vision_model": _CLIP,
    "siglip": _SIGLIP,
    "siglip_vision_model": _SIGLIP,
    "dinov2": _DINOV2,
    "dinov2_with_registers": _DINOV2_REGISTERS,
    "vit": _VIT,
}

_TOWER_PREFIXES = ("vision_model.", "vit.", "dinov2.", "dinov2_with_registers.", "model.")
_PATCHES = "patch_embed.proj.weight"
_POSITIONS = "pos_embed"


def is_known_tower(config: Mapping[str, JsonValue]) -> bool:
    """Tell whether a ``config.json`` is of a tower this module reads."""
    return config.get("model_type") in _KINDS


def timm_tower(config: Mapping[str, JsonValue], state: "State", side_px: int) -> "tuple[TimmName, State]":
    """Return the network of timm that is this tower for pictures of ``side_px``, and its weights by timm's names.

    Position embeddings of another size are resampled as transformers does. Raises ModelError where the tensors
    are not those of the tower the configuration names.
    """
    kind = _KINDS[str(config.get("model_type"))]
    own = config.get("vision_config")
    vision = Fields(own if isinstance(own, dict) else config, "config.json")
    tower = _renamed(kind, state)
    for tensor in (_PATCHES, _POSITIONS):
        if tensor not in tower:
            message = f"The weights hold no vision tower of the kind {config.get('model_type')}: “{tensor}” is missing."
            raise ModelError(message)
    name = _named(kind, vision, tower, side_px)
    _fit_positions(tower, side_px // int(tower[_PATCHES].shape[-1]), antialias=kind.antialias)
    return name, tower


def _named(kind: _Kind, vision: Fields, tower: "State", side_px: int) -> TimmName:
    width, _, _, patch = tower[_PATCHES].shape
    if side_px % patch:
        message = (
            f"Pictures of {side_px} pixels do not divide into patches of {patch}; choose another --side-px."
        )
        raise ModelError(message)
    depth = 1 + max(
        (int(found[1]) for name in tower if (found := re.match(r"blocks\.(\d+)\.", name))), default=-1
    )
    heads = vision.count("num_attention_heads") if "num_attention_heads" in vision.values else width // 64
    hidden = (
        int(tower["blocks.0.mlp.fc1.weight"].shape[0]) if "blocks.0.mlp.fc1.weight" in tower else 4 * width
    )
    gated = hidden != int(tower["blocks.0.mlp.fc2.weight"].shape[1]) if depth else False
    base = kind.base.replace("base", "giant") if gated else kind.base
    name = TimmName(base).with_options(
        img_size=side_px,
        patch_size=patch,
        embed_dim=width,
        depth=depth,
        num_heads=heads,
        mlp_ratio=_ratio(hidden, width),
    )
    if not gated:
        wanted = str(vision.values.get("hidden_act", kind.activation))
        if wanted not in _ACTIVATIONS:
            message = f"The activation “{wanted}” of this tower is not known here; known are {', '.join(_ACTIVATIONS)}."
            raise ModelError(message)
        name = name.with_options(act_layer=_ACTIVATIONS[wanted])
    eps = vision.values.get("layer_norm_eps")
    if isinstance(eps, float) and eps != kind.eps and 0.0 < eps < 1.0:
        name = name.with_options(norm_eps=10.0 ** round(math.log10(eps)))
    if "head.weight" in tower:
        name = name.with_options(num_classes=int(tower["head.weight"].shape[0]))
    if "reg_token" in tower:
        name = name.with_options(reg_tokens=int(tower["reg_token"].shape[1]))
    return name


def _ratio(hidden: int, width: int) -> float:
    """Return a short number of which timm, which cuts ``width`` times it to a whole number, makes ``hidden``."""
    exact = hidden / width
    return (
        exact if int(width * exact) == hidden and len(str(exact)) < 8 else round((hidden + 0.25) / width, 6)
    )


def _renamed(kind: _Kind, state: "State") -> "State":
    """Return a tower's tensors by timm's names, query, key and value of every layer joined."""
    import torch

    tower: State = {}
    parts: dict[str, dict[int, torch.Tensor]] = {}
    for full_name, tensor in state.items():
        name = next(
            (full_name.removeprefix(prefix) for prefix in _TOWER_PREFIXES if full_name.startswith(prefix)),
            full_name,
        )
        layer = re.match(kind.layer, name)
        if layer is None:
            renamed = _substituted(name, kind.names)
            if renamed:
                tower[renamed] = tensor
            continue
        inner, block = name[layer.end() :], f"blocks.{int(layer[1])}."
        stem, _, ending = inner.rpartition(".")
        if stem in kind.projections:
            parts.setdefault(f"{block}attn.qkv.{ending}", {})[kind.projections.index(stem)] = tensor
        else:
            tower[block + _substituted(inner, kind.layer_names)] = tensor
    for name, three in parts.items():
        if len(three) == 3:
            tower[name] = torch.cat([three[0], three[1], three[2]])
    return _finished(tower)


def _finished(tower: "State") -> "State":
    """Return a tower with the few tensors brought into timm's shape that are written in another."""
    import torch

    for ending in ("weight", "bias"):
        joined = tower.pop(f"head.attention.in_proj_{ending}", None)
        if joined is not None:
            third = len(joined) // 3
            tower[f"attn_pool.q.{ending}"], tower[f"attn_pool.kv.{ending}"] = joined[:third], joined[third:]
    if "cls_token" in tower:
        tower["cls_token"] = tower["cls_token"].reshape(1, 1, -1)
    if _POSITIONS in tower and tower[_POSITIONS].ndim == 2:
        tower[_POSITIONS] = tower[_POSITIONS][None]
    if "reg_token" in tower and _POSITIONS in tower:
        tower["cls_token"] = tower["cls_token"] + tower[_POSITIONS][:, :1]
        tower[_POSITIONS] = tower[_POSITIONS][:, 1:]
    if "head.weight" in tower:
        tower["head.bias"] = torch.zeros(len(tower["head.weight"]))
    return tower


def _substituted(name: str, patterns: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in patterns:
        renamed, count = re.subn(rf"^(?:{pattern.removeprefix('^')})", replacement, name)
        if count:
            return renamed
    return name


def _fit_positions(tower: "State", grid: int, *, antialias: bool) -> None:
    """Resample a tower's position embeddings to ``grid`` patches a side, bicubically."""
    from torch.nn import functional

    positions = tower[_POSITIONS]
    prefix = 1 if "cls_token" in tower and "reg_token" not in tower else 0
    side = math.isqrt(max(0, positions.shape[1] - prefix))
    if side * side != positions.shape[1] - prefix:
        message = "The position embeddings of this tower do not fill a square; it cannot be used here."
        raise ModelError(message)
    if side == grid:
        return
    import torch

    square = positions[:, prefix:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    fitted = functional.interpolate(
        square, size=(grid, grid), mode="bicubic", align_corners=False, antialias=antialias
    )
    tower[_POSITIONS] = torch.cat(
        [positions[:, :prefix], fitted.permute(0, 2, 3, 1).reshape(1, grid * grid, -1)], dim=1
    )
