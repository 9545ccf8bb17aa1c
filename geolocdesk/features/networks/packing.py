"""Convolutions made ready for a CPU and one size of map.

oneDNN, torch's library for convolutions on a CPU, takes weights laid out for the processor at hand, and works out
activations and sums while a result is still in the cache. torch's own modules ask for neither: they lay the weights
out again for every picture, and go over every map once more for each activation, each sum and each frame of zeros.
"""

import functools
from collections import deque
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from geolocdesk.features.architecture import Precision
from geolocdesk.features.networks.layers import frame_widths, framed_by_size_type, shortcut_type
from geolocdesk.features.networks.winograd import WinogradConvolution, pays

if TYPE_CHECKING:
    import torch
    from torch import nn

    from geolocdesk.features.networks.network import Stage

    Step = Callable[[torch.Tensor], torch.Tensor]
    PackedStage = tuple[str, Step]

_Activation = tuple[str, list[float]]
_NO_ACTIVATION: _Activation = ("none", [])


@functools.cache
def can_pack(precision: Precision = "float32") -> bool:
    """Return whether torch and the processor have what this needs; without it torch runs its modules as they are."""
    import torch

    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    try:
        with torch.inference_mode():
            numbers = getattr(torch, precision)
            values = torch.ones((1, 1, 3, 3), dtype=numbers)
            with torch.device("meta"):  # no random numbers are drawn
                convolution = torch.nn.Conv2d(1, 1, 3, padding=1, bias=False)
            convolution.load_state_dict({"weight": values}, assign=True)
            packed = PackedConvolution(convolution, ("relu", []), values)
            packed.onto(values, packed(values))
    except (AttributeError, RuntimeError, TypeError):  # NotImplementedError is a RuntimeError
        return False
    return True


def pack_stages(stages: "Sequence[Stage]", shape: tuple[int, int, int, int]) -> "list[PackedStage]":
    """Return what computes the same maps faster, from pictures float[n, channels, height, width] of this shape.

    Pictures of another number may be given as well. Stages of an unknown kind stay as they are, and so do all
    after them.
    """
    import torch

    packed: list[PackedStage] = []
    with torch.inference_mode():
        values = torch.zeros(shape, dtype=_kind(stages)).to(memory_format=torch.channels_last)
        for name, stage in takewhile(lambda item: isinstance(item[1], torch.nn.Sequential), stages):
            step, values = _packed(stage, values)
            packed.append((name, step))
    return [*packed, *stages[len(packed) :]]


class PackedConvolution:
    """A convolution and the activation after it, in one pass."""

    def __init__(self, convolution: "nn.Conv2d", activation: _Activation, values: "torch.Tensor") -> None:
        import torch

        weights, padding = _evenly_framed(convolution, values)
        self._bias = None if convolution.bias is None else convolution.bias.detach()
        self._layout = (padding, list(convolution.stride), list(convolution.dilation), convolution.groups)
        self._activation = activation
        self._weights: torch.Tensor = torch.ops.mkldnn._reorder_convolution_weight(  # noqa: SLF001 - torch's compiler uses it, and there is no other way to ask
            weights, *self._layout, list(values.shape)
        )
        self._run: Any = torch.ops.mkldnn._convolution_pointwise  # noqa: SLF001

    def __call__(self, values: "torch.Tensor") -> "torch.Tensor":
        """Return the activated convolution."""
        name, limits = self._activation
        made: torch.Tensor = self._run(values, self._weights, self._bias, *self._layout, name, limits, "")
        return made

    def onto(self, values: "torch.Tensor", shortcut: "torch.Tensor") -> "torch.Tensor":
        """Return the convolution, without activation, added to another map."""
        made: torch.Tensor = self._run.binary(
            values, shortcut, self._weights, self._bias, *self._layout, "add", 1.0, None, [], None
        )
        return made


class _Chain:
    """Steps one after the other."""

    def __init__(self, steps: "Sequence[Step]") -> None:
        self._steps = tuple(steps)

    def __call__(self, values: "torch.Tensor") -> "torch.Tensor":
        for step in self._steps:
            values = step(values)
        return values


class _Shortcut:
    """Steps to whose result their input is added, by the last of them where it can."""

    def __init__(self, steps: "Sequence[Step]") -> None:
        self._first = _Chain(steps[:-1])
        self._last = steps[-1]

    def __call__(self, values: "torch.Tensor") -> "torch.Tensor":
        inner = self._first(values)
        if isinstance(self._last, PackedConvolution):
            return self._last.onto(inner, values)
        return self._last(inner) + values


def _packed(module: "nn.Module", values: "torch.Tensor") -> "tuple[Step, torch.Tensor]":
    """Return a module packed, and what it makes of values."""
    from torch import nn

    if not isinstance(module, nn.Sequential):
        return module, module(values)
    layers = deque(layer for layer in module if not isinstance(layer, nn.Identity))
    steps: list[Step] = []
    made = values
    while layers:
        steps.append(_step(layers, made))
        made = steps[-1](made)
    if isinstance(module, shortcut_type()):
        return _Shortcut(steps), made + values
    return _Chain(steps), made


def _step(layers: "deque[nn.Module]", values: "torch.Tensor") -> "Step":
    """Take the first layer, with the activation after it where both go together, and return it packed."""
    from torch import nn

    layer = layers.popleft()
    if not isinstance(layer, nn.Conv2d) or not _is_plain(layer):
        return _packed(layer, values)[0]
    if pays(layer, values):
        return WinogradConvolution(layer)
    activation = _activation(layers[0]) if layers else _NO_ACTIVATION
    if activation != _NO_ACTIVATION:
        layers.popleft()
    return PackedConvolution(layer, activation, values)


def _is_plain(convolution: "nn.Conv2d") -> bool:
    """Return whether a convolution is one of those that are understood here."""
    from torch import nn

    if isinstance(convolution, framed_by_size_type()):
        return convolution.dilation == (1, 1)
    return (
        type(convolution) is nn.Conv2d
        and convolution.padding_mode == "zeros"
        and not isinstance(convolution.padding, str)
    )


def _activation(layer: "nn.Module") -> _Activation:
    from torch import nn

    if isinstance(layer, nn.ReLU6):
        return ("hardtanh", [0.0, 6.0])
    if isinstance(layer, nn.ReLU):
        return ("relu", [])
    return _NO_ACTIVATION


def _evenly_framed(convolution: "nn.Conv2d", values: "torch.Tensor") -> "tuple[torch.Tensor, list[int]]":
    """Return a convolution's weights and the widths of the frame of zeros, the same at opposite sides.

    Where a frame is to be wider at the bottom and right, the weights get zeros at the top and left in its stead.
    """
    from torch.nn import functional

    weights = convolution.weight.detach()
    if not isinstance(convolution, framed_by_size_type()):
        return weights, [int(width) for width in convolution.padding]
    frame, zeros = [], []
    for before, after in frame_widths(convolution, values):
        frame.append(after)
        zeros.append(after - before)
    return functional.pad(weights, (zeros[1], 0, zeros[0], 0)), frame


def _kind(stages: "Sequence[Stage]") -> "torch.dtype | None":
    """Return the kind of numbers the stages' weights are."""
    return next((weights.dtype for _, stage in stages for weights in stage.parameters()), None)
