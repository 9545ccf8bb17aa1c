"""EfficientNet-Lite0, with the names that timm gives its weights.

Its layers are made here, out of torch's own: importing timm takes longer than importing torch, and every start of the
program would wait for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.features.networks.layers import framed_by_size_type, shortcut_type
from geolocdesk.features.networks.state import load_state

if TYPE_CHECKING:
    from torch import nn

    from geolocdesk.features.networks.network import Stage
    from geolocdesk.features.networks.state import State


@dataclass(frozen=True, slots=True)
class _Stage:
    """Blocks in a row, of which the first takes ``stride``."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


# Tan and Le, "EfficientNet", ICML 2019, table 1; Lite: ReLU6, no squeeze and excitation, stem and head of fixed width.
_STEM_CHANNELS = 32
_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_HEAD_CHANNELS = 1280
_NORMALISATION_EPSILON = 1e-3
"""TensorFlow's."""

_CUT_BLOCKS = (7, 8, 10, 12, 15)
"""Blocks, counted from 0, whose outputs are feature maps that can be pooled."""


def efficientnet_lite0(state: "State", file: Path) -> "list[Stage]":
    """Return EfficientNet-Lite0 up to its head, cut after some of its blocks, with its normalisations folded."""
    import torch
    from torch import nn

    with torch.device("meta"):  # neither memory nor random numbers are spent on weights soon replaced
        network = _network()
    without_head = {
        _timm_name(name): tensor
        for name, tensor in state.items()
        if not name.startswith(("_fc.", "classifier."))
    }
    load_state(network, without_head, file)
    network.eval()
    stem, blocks, head = _parts_of(network)
    stages, first = [], 0
    for last in _CUT_BLOCKS:
        before = stem if first == 0 else ()
        stages.append((f"block-{last}", nn.Sequential(*before, *blocks[first : last + 1])))
        first = last + 1
    return [*stages, ("final", nn.Sequential(*head))]


def _network() -> "nn.ModuleDict":
    """Return the layers, not yet folded, by timm's names."""
    from torch import nn

    channels, stages = _STEM_CHANNELS, []
    for stage in _STAGES:
        blocks = []
        for number in range(stage.blocks):
            blocks.append(_block(channels, stage, stage.stride if number == 0 else 1))
            channels = stage.channels
        stages.append(nn.Sequential(*blocks))
    return nn.ModuleDict(
        {
            "conv_stem": _convolution(3, _STEM_CHANNELS, 3, stride=2),
            "bn1": _normalisation(_STEM_CHANNELS),
            "blocks": nn.Sequential(*stages),
            "conv_head": _convolution(channels, _HEAD_CHANNELS, 1),
            "bn2": _normalisation(_HEAD_CHANNELS),
        }
    )


def _block(channels: int, stage: _Stage, stride: int) -> "nn.ModuleDict":
    """Return a block's convolutions, each with its normalisation after it, in their order."""
    from torch import nn

    wide = channels * stage.expansion
    convolutions = {
        "conv_pw": _convolution(channels, wide, 1),
        "conv_dw": _convolution(wide, wide, stage.kernel, stride=stride, groups=wide),
        "conv_pwl": _convolution(wide, stage.channels, 1),
    }
    if stage.expansion == 1:  # nothing is widened, and what narrows has the other's name
        convolutions = {"conv_dw": convolutions["conv_dw"], "conv_pw": convolutions["conv_pwl"]}
    layers: dict[str, nn.Module] = {}
    for number, (name, convolution) in enumerate(convolutions.items(), start=1):
        layers |= {name: convolution, f"bn{number}": _normalisation(convolution.out_channels)}
    return nn.ModuleDict(layers)


def _convolution(channels: int, made: int, kernel: int, *, stride: int = 1, groups: int = 1) -> "nn.Conv2d":
    from torch import nn

    if stride == 1:  # TensorFlow's frame is even then
        return nn.Conv2d(channels, made, kernel, padding=kernel // 2, groups=groups, bias=False)
    return framed_by_size_type()(channels, made, kernel, stride=stride, groups=groups, bias=False)


def _normalisation(channels: int) -> "nn.BatchNorm2d":
    from torch import nn

    return nn.BatchNorm2d(channels, eps=_NORMALISATION_EPSILON)


def _parts_of(network: "nn.ModuleDict") -> "tuple[list[nn.Module], list[nn.Module], list[nn.Module]]":
    """Return the folded layers of the stem, the blocks, and the folded layers of the head."""
    from torch import nn

    stem = [*_folded([network["conv_stem"], network["bn1"]]), nn.ReLU6(inplace=True)]
    blocks: list[nn.Module] = []
    for stage in network.get_submodule("blocks").children():
        for number, block in enumerate(stage.children()):
            layers = list(_folded(list(block.children())))
            # the first block of every stage changes the size or the number of channels
            blocks.append(nn.Sequential(*layers) if number == 0 else shortcut_type()(*layers))
    head = [*_folded([network["conv_head"], network["bn2"]]), nn.ReLU6(inplace=True)]
    return stem, blocks, head


def _folded(layers: "list[nn.Module]") -> "Iterator[nn.Module]":
    """Yield convolutions that have taken in the normalisations after them, and activations between them."""
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    for number, (convolution, normalisation) in enumerate(zip(layers[::2], layers[1::2], strict=True)):
        if number:
            yield nn.ReLU6(inplace=True)
        yield fuse_conv_bn_eval(convolution, normalisation)  # type: ignore[arg-type,type-var]  # as _network made them


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
    if not number.isdecimal() or int(number) >= sum(stage.blocks for stage in _STAGES):
        return name
    names = _INNER_NAMES if int(number) else _INNER_NAMES_WITHOUT_EXPANSION
    position = int(number)
    for stage, part in enumerate(_STAGES):
        if position < part.blocks:
            return f"blocks.{stage}.{position}.{names.get(layer, layer)}.{rest}"
        position -= part.blocks
    return name
