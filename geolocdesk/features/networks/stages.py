"""Parts of somebody else's network as stages of a backbone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

    Forward = Callable[[torch.Tensor], torch.Tensor]


def stage(owner: "nn.Module", forward: "Forward") -> "nn.Module":
    """Return a module that computes ``forward``, which uses the weights of ``owner``."""
    from torch import nn

    class Stage(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.owner = owner

        def forward(self, values: "torch.Tensor") -> "torch.Tensor":
            return forward(values)

    return Stage()


def load_or_rebuild(build: "Callable[[], nn.Module]", load: "Callable[[nn.Module], None]") -> "nn.Module":
    """Return a built network with its weights, spending memory and random numbers only where there is no way round.

    Built without storage first; a network with tables that are computed and not stored is built again with them.
    """
    import torch

    with torch.device("meta"):
        network = build()
    load(network)
    if any(table.is_meta for table in network.buffers()):
        network = build()
        load(network)
    return network.eval()
