"""Layers that torch has not got; functions return their types, because torch is imported no earlier."""

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


@functools.cache
def shortcut_type() -> "type[nn.Sequential]":
    """Return the module of layers whose input is added to what they make of it, as in residual networks."""
    from torch import nn

    class Shortcut(nn.Sequential):
        def forward(self, values: "torch.Tensor") -> "torch.Tensor":
            made = values
            for layer in self:
                made = layer(made)
            return made + values

    return Shortcut


@functools.cache
def framed_by_size_type() -> "type[nn.Conv2d]":
    """Return the convolution that frames maps with zeros by their size, as TensorFlow's padding ``SAME`` does.

    It makes ⌈size ÷ stride⌉ values a side. Where the frame cannot be even, it is wider at the bottom and right.
    """
    from torch import nn

    class FramedBySize(nn.Conv2d):
        def forward(self, values: "torch.Tensor") -> "torch.Tensor":
            (top, bottom), (left, right) = frame_widths(self, values)
            return super().forward(nn.functional.pad(values, (left, right, top, bottom)))

    return FramedBySize


def frame_widths(convolution: "nn.Conv2d", values: "torch.Tensor") -> tuple[tuple[int, int], ...]:
    """Return how wide TensorFlow's frame of a map is: at the top and bottom, and at the left and right."""
    widths = []
    for size, kernel, stride, spread in zip(
        values.shape[2:], convolution.kernel_size, convolution.stride, convolution.dilation, strict=True
    ):
        both = max((-(-size // stride) - 1) * stride + spread * (kernel - 1) + 1 - size, 0)
        widths.append((both // 2, both - both // 2))
    return tuple(widths)
