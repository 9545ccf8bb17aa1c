"""Layers whose input is added to what they make of it, as in residual networks."""

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


@functools.cache
def shortcut_type() -> "type[nn.Sequential]":
    """Return the module of such layers; a function, because torch is imported no earlier."""
    from torch import nn

    class Shortcut(nn.Sequential):
        def forward(self, values: "torch.Tensor") -> "torch.Tensor":
            made = values
            for layer in self:
                made = layer(made)
            return made + values

    return Shortcut
