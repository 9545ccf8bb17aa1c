"""Layers of our own beside those of timm and torch."""

import pytest
import torch  # noqa: TID253 - what is tested is made of it
from timm.layers.conv2d_same import Conv2dSame  # noqa: TID253
from torch import nn  # noqa: TID253

from geolocdesk.features.networks.layers import framed_by_size_type, shortcut_type


@pytest.mark.parametrize("size", [(16, 16), (15, 15), (16, 15), (7, 10), (1, 2)])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2)])
def test_maps_are_framed_as_timm_frames_them(
    size: tuple[int, int], kernel: int, stride: int, dilation: int
) -> None:
    theirs = Conv2dSame(4, 6, kernel, stride=stride, dilation=dilation)
    ours = framed_by_size_type()(4, 6, kernel, stride=stride, dilation=dilation)
    ours.load_state_dict(theirs.state_dict())
    values = torch.randn((2, 4, *size))
    with torch.inference_mode():
        made = ours(values)
        torch.testing.assert_close(made, theirs(values), rtol=0, atol=1e-6)
    assert made.shape[2:] == tuple(-(-side // stride) for side in size)


def test_a_shortcut_adds_its_input() -> None:
    inner = nn.Conv2d(3, 3, 3, padding=1)
    values = torch.randn((2, 3, 5, 5))
    with torch.inference_mode():
        torch.testing.assert_close(shortcut_type()(inner)(values), inner(values) + values)
