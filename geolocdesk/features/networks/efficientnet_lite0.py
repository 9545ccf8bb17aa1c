"""EfficientNet-Lite0: timm's architecture with the weights' own names mapped to timm's."""

from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.features.networks.shortcut import shortcut_type
from geolocdesk.features.networks.state import load_state

if TYPE_CHECKING:
    from torch import nn

    from geolocdesk.features.networks.network import Stage
    from geolocdesk.features.networks.state import State


def efficientnet_lite0(state: "State", file: Path) -> "list[Stage]":
    """Return timm's EfficientNet-Lite0 up to its head, cut after some of its blocks, with its normalisations folded."""
    import timm
    import torch
    from torch import nn

    with torch.device("meta"):  # neither memory nor random numbers are spent on weights soon replaced
        network = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)
    without_head = {
        _timm_name(name): tensor
        for name, tensor in state.items()
        if not name.startswith(("_fc.", "classifier."))
    }
    load_state(network, without_head, file)
    network.eval()
    blocks = [block for stage in network.get_submodule("blocks").children() for block in stage.children()]
    _fold(network, "conv_stem", "bn1")
    _fold(network, "conv_head", "bn2")
    for block in blocks:
        for convolution, normalisation in _PAIRS if hasattr(block, "conv_pwl") else _PAIRS_WITHOUT_EXPANSION:
            _fold(block, convolution, normalisation)
    stem = (network.get_submodule("conv_stem"), network.get_submodule("bn1"))
    head = (network.get_submodule("conv_head"), network.get_submodule("bn2"))
    parts = [_layers_of(block) for block in blocks]
    stages, first = [], 0
    for last in _CUT_BLOCKS:
        before = stem if first == 0 else ()
        stages.append((f"block-{last}", nn.Sequential(*before, *parts[first : last + 1])))
        first = last + 1
    return [*stages, ("final", nn.Sequential(*head))]


_CUT_BLOCKS = (7, 8, 10, 12, 15)
"""Blocks, counted from 0, whose outputs are feature maps that can be pooled."""


_PAIRS = (("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3"))
_PAIRS_WITHOUT_EXPANSION = (("conv_dw", "bn1"), ("conv_pw", "bn2"))
_BLOCKS_PER_STAGE = (1, 2, 2, 3, 3, 4, 1)
_OUTER_NAMES = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
_INNER_NAMES = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_INNER_NAMES_WITHOUT_EXPANSION = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}


def _timm_name(name: str) -> str:
    """Return timm's name for a tensor named as in the companion code of the weights; others stay."""
    head, _, rest = name.partition(".")
    if head in _OUTER_NAMES:
        return f"{_OUTER_NAMES[head]}.{rest}"
    if head != "_blocks":
        return name
    number, _, rest = rest.partition(".")
    layer, _, rest = rest.partition(".")
    if not number.isdecimal() or int(number) >= sum(_BLOCKS_PER_STAGE):
        return name
    names = _INNER_NAMES if int(number) else _INNER_NAMES_WITHOUT_EXPANSION
    position = int(number)
    for stage, blocks in enumerate(_BLOCKS_PER_STAGE):
        if position < blocks:
            return f"blocks.{stage}.{position}.{names.get(layer, layer)}.{rest}"
        position -= blocks
    return name


def _layers_of(block: "nn.Module") -> "nn.Module":
    """Return a folded block as its layers in their order."""
    from torch import nn

    pairs = _PAIRS if hasattr(block, "conv_pwl") else _PAIRS_WITHOUT_EXPANSION
    layers = [block.get_submodule(name) for pair in pairs for name in pair]
    return shortcut_type()(*layers) if block.has_skip else nn.Sequential(*layers)


def _fold(parent: "nn.Module", convolution: str, normalisation: str) -> None:
    """Let a convolution take in timm's normalisation after it, of which only the activation stays."""
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    before, after = parent.get_submodule(convolution), parent.get_submodule(normalisation)
    setattr(parent, convolution, fuse_conv_bn_eval(before, after))  # type: ignore[arg-type,type-var]  # as timm built them
    setattr(parent, normalisation, after.get_submodule("act"))
