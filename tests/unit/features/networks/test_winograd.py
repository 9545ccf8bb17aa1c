"""Winograd's convolution against torch's in double precision."""

import pytest
import torch  # noqa: TID253 - what is tested is made of it
from torch import nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from geolocdesk.features.networks.winograd import WinogradConvolution, pays


@pytest.mark.parametrize("size", [(4, 4), (28, 28), (21, 30), (5, 3), (1, 1)])
@pytest.mark.parametrize("bias", [True, False])
def test_it_equals_the_plain_convolution(size: tuple[int, int], bias: bool) -> None:
    torch.manual_seed(2)
    convolution = nn.Conv2d(24, 40, 3, padding=1, bias=bias).requires_grad_(False)
    values = torch.randn(2, 24, *size).to(memory_format=torch.channels_last)
    offsets = None if convolution.bias is None else convolution.bias.double()
    expected = functional.conv2d(values.double(), convolution.weight.double(), offsets, padding=1)
    with torch.inference_mode():
        made = WinogradConvolution(convolution)(values)
    torch.testing.assert_close(made.double(), expected, rtol=0, atol=2e-5)
    assert expected.std() > 0.1


@pytest.mark.parametrize(
    ("convolution", "side", "expected"),
    [
        (nn.Conv2d(128, 128, 3, padding=1), 28, True),
        (nn.Conv2d(256, 512, 3, padding=1), 20, True),
        (nn.Conv2d(64, 128, 3, padding=1), 28, False),
        (nn.Conv2d(512, 512, 3, padding=1), 14, False),
        (nn.Conv2d(128, 128, 3), 28, False),
        (nn.Conv2d(128, 128, 3, padding=1, stride=2), 28, False),
        (nn.Conv2d(128, 128, 5, padding=2), 28, False),
        (nn.Conv2d(128, 128, 3, padding=1, groups=2), 28, False),
        (nn.Conv2d(128, 128, 3, padding=2, dilation=2), 28, False),
        (nn.Conv2d(128, 128, 3, padding=1, dtype=torch.bfloat16), 28, False),
    ],
)
def test_where_it_pays(convolution: nn.Conv2d, side: int, expected: bool) -> None:
    assert pays(convolution, torch.zeros(1, convolution.in_channels, side, side)) is expected
