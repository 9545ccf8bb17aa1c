"""Packed layers against the same layers as torch and timm run them."""

import pytest
import torch  # noqa: TID253 - what is tested is made of it
from torch import nn  # noqa: TID253

from geolocdesk.features.networks import packing
from geolocdesk.features.networks.layers import framed_by_size_type, shortcut_type
from geolocdesk.features.networks.packing import PackedConvolution, can_pack, pack_stages
from geolocdesk.features.networks.winograd import WinogradConvolution
from tests.requirement import lacking


@pytest.fixture(autouse=True)
def needs_onednn() -> None:
    if not can_pack():
        lacking("this torch comes without oneDNN")


def maps(*shape: int) -> torch.Tensor:
    made = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    return made.to(memory_format=torch.channels_last)


def assert_equal_when_packed(stage: nn.Module, shape: tuple[int, int, int, int]) -> object:
    """Compare in batches of the size it is packed for and of one; return the packed stage."""
    torch.manual_seed(1)
    for weights in stage.parameters():
        nn.init.normal_(weights, std=weights[0].numel() ** -0.5)
    stage = stage.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    values = maps(*shape)
    with torch.inference_mode():
        expected = stage(values.clone())
        ((name, packed),) = pack_stages([("map", stage)], shape)
        assert name == "map"
        torch.testing.assert_close(packed(values.clone()), expected, rtol=0, atol=5e-5)
        torch.testing.assert_close(packed(values[:1].clone()), expected[:1], rtol=0, atol=5e-5)
    assert expected.std() > 0.1
    return packed


@pytest.mark.parametrize("activation", [nn.ReLU(inplace=True), nn.ReLU6(), nn.Identity(), nn.Tanh()])
@pytest.mark.parametrize("groups", [1, 8])
def test_a_convolution_and_what_follows_it(activation: nn.Module, groups: int) -> None:
    layers = nn.Sequential(
        nn.Conv2d(8, 16, 3, padding=1, groups=groups),
        activation,
        nn.MaxPool2d(2),
        nn.Conv2d(16, 4, 1, bias=False),
    )
    assert_equal_when_packed(layers, (2, 8, 17, 14))


@pytest.mark.parametrize("size", [(16, 16), (15, 15), (16, 15), (7, 10)])
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_frames_as_tensorflow_chooses_them(size: tuple[int, int], kernel: int, stride: int) -> None:
    layers = nn.Sequential(
        framed_by_size_type()(6, 6, kernel, stride=stride, groups=6), nn.ReLU6(inplace=True)
    )
    assert_equal_when_packed(layers, (3, 6, *size))


@pytest.mark.parametrize("last", [nn.Conv2d(12, 6, 1), nn.ReLU()])
def test_a_shortcut_adds_its_input(last: nn.Module) -> None:
    between = 12 if isinstance(last, nn.Conv2d) else 6
    layers = [nn.Conv2d(6, between, 3, padding=1), nn.ReLU6(inplace=True), last]
    assert_equal_when_packed(nn.Sequential(shortcut_type()(*layers), nn.Conv2d(6, 3, 1)), (2, 6, 9, 9))


def test_wide_maps_are_convolved_after_winograd_and_small_ones_are_not() -> None:
    for side, kind in ((21, WinogradConvolution), (14, PackedConvolution)):
        layers = nn.Sequential(nn.Conv2d(128, 128, 3, padding=1), nn.ReLU(inplace=True))
        packed = assert_equal_when_packed(layers, (1, 128, side, side))
        assert isinstance(packed._steps[0], kind)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(6, 6, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(6, 6, 3, padding="same"),
        framed_by_size_type()(6, 6, 3, dilation=2),
    ],
)
def test_unusual_convolutions_stay_as_they_are(convolution: nn.Conv2d) -> None:
    packed = assert_equal_when_packed(nn.Sequential(convolution, nn.ReLU6()), (2, 6, 8, 8))
    assert packed._steps[0] is convolution  # type: ignore[attr-defined]


def test_stages_of_an_unknown_kind_are_neither_run_nor_packed_nor_anything_after_them() -> None:
    class Unknown(nn.Module):
        def forward(self, _values: torch.Tensor) -> torch.Tensor:
            raise NotImplementedError

    known, unknown = nn.Sequential(nn.Conv2d(3, 3, 1)), Unknown()
    packed = pack_stages([("one", known), ("two", unknown), ("three", known)], (1, 3, 4, 4))
    assert [name for name, _ in packed] == ["one", "two", "three"]
    assert packed[0][1] is not known
    assert packed[1][1] is unknown
    assert packed[2][1] is known


def test_a_torch_without_the_operations_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise NotImplementedError

    assert can_pack()
    can_pack.cache_clear()
    monkeypatch.setattr(packing.PackedConvolution, "__init__", refuse)
    assert not can_pack()
    can_pack.cache_clear()
