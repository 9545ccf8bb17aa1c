"""3 × 3 convolutions with a quarter of the multiplications, after Winograd.

Lavin and Gray (2016), F(4 × 4, 3 × 3): every 4 × 4 pixels of the result come from 6 × 6 pixels of the input, which are
transformed, multiplied with transformed weights channel by channel, and transformed back. The transforms of whole
pictures are two matrix products, and so is all between them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

_TILE = 4
_PATCH = 6
"""A tile, and a pixel more all round it."""

_LEAST_CHANNELS = 128
"""With fewer, the transforms cost more than the products save."""

_LEAST_SIDE = 20
"""On smaller maps the transformed weights, four times the plain ones, take longer to read than they save."""

_PATCH_TRANSFORM = (
    (4.0, 0.0, -5.0, 0.0, 1.0, 0.0),
    (0.0, -4.0, -4.0, 1.0, 1.0, 0.0),
    (0.0, 4.0, -4.0, -1.0, 1.0, 0.0),
    (0.0, -2.0, -1.0, 2.0, 1.0, 0.0),
    (0.0, 2.0, -1.0, -2.0, 1.0, 0.0),
    (0.0, 4.0, 0.0, -5.0, 0.0, 1.0),
)
_WEIGHT_TRANSFORM = (
    (1 / 4, 0.0, 0.0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0.0, 0.0, 1.0),
)
_TILE_TRANSFORM = (
    (1.0, 1.0, 1.0, 1.0, 1.0, 0.0),
    (0.0, 1.0, -1.0, 2.0, -2.0, 0.0),
    (0.0, 1.0, 1.0, 4.0, 4.0, 0.0),
    (0.0, 1.0, -1.0, 8.0, -8.0, 1.0),
)


def pays(convolution: "nn.Conv2d", values: "torch.Tensor") -> bool:
    """Return whether a convolution of a map of this size is computed faster in this way, and can be."""
    import torch

    plain = (
        convolution.weight.dtype == torch.float32
        and convolution.kernel_size == (3, 3)
        and convolution.stride == (1, 1)
        and convolution.padding == (1, 1)
        and convolution.dilation == (1, 1)
        and convolution.groups == 1
    )
    channels = min(convolution.in_channels, convolution.out_channels)
    return plain and channels >= _LEAST_CHANNELS and min(values.shape[2:]) >= _LEAST_SIDE


class WinogradConvolution:
    """A 3 × 3 convolution with stride 1 and a border of zeros one pixel wide."""

    def __init__(self, convolution: "nn.Conv2d") -> None:
        import torch

        weights = convolution.weight.detach().double()
        rows = torch.tensor(_WEIGHT_TRANSFORM, dtype=torch.float64)
        transformed = torch.einsum("ia,kcab,jb->ijck", rows, weights, rows)
        self._weights = transformed.reshape(_PATCH * _PATCH, weights.shape[1], weights.shape[0]).float()
        self._bias = None if convolution.bias is None else convolution.bias.detach()
        self._to_patches = _both_ways(_PATCH_TRANSFORM)
        self._to_tiles = _both_ways(_TILE_TRANSFORM)

    def __call__(self, values: "torch.Tensor") -> "torch.Tensor":
        """Return what the convolution makes of float32[n, channels, height, width], channels-last as well."""
        import torch

        pictures, channels, height, width = values.shape
        down, across = -(-height // _TILE), -(-width // _TILE)
        framed = values.new_zeros((pictures, _TILE * down + 2, _TILE * across + 2, channels))
        framed[:, 1 : height + 1, 1 : width + 1] = values.permute(0, 2, 3, 1)
        picture, row, pixel, _ = framed.stride()
        patches = framed.as_strided(
            (_PATCH, _PATCH, pictures, down, across, channels),
            (row, pixel, picture, _TILE * row, _TILE * pixel, 1),
        ).reshape(_PATCH * _PATCH, -1)
        transformed = torch.mm(self._to_patches, patches).view(_PATCH * _PATCH, -1, channels)
        products = torch.bmm(transformed, self._weights)
        tiles = torch.mm(self._to_tiles, products.view(_PATCH * _PATCH, -1))
        tiles = tiles.view(_TILE, _TILE, pictures, down, across, -1)
        if self._bias is not None:
            tiles += self._bias
        whole = tiles.permute(2, 3, 0, 4, 1, 5).reshape(pictures, _TILE * down, _TILE * across, -1)
        return whole[:, :height, :width].permute(0, 3, 1, 2)


def _both_ways(transform: tuple[tuple[float, ...], ...]) -> "torch.Tensor":
    """Return the matrix that transforms the rows and the columns of a flattened square."""
    import torch

    along = torch.tensor(transform, dtype=torch.float64)
    return torch.kron(along, along).float()
