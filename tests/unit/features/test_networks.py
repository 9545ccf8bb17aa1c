"""The real networks, against code that others wrote."""

import io
import pickle
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.architecture import (
    EFFICIENTNET_LITE0_POOLING,
    VGG16_GMP_POOLING,
    Pooling,
    architecture_named,
)
from geolocdesk.features.extractor import Extractor, ExtractorIdentity
from geolocdesk.features.model_pack import ModelRecord, find_model, open_model
from geolocdesk.features.networks import Network, load_network
from geolocdesk.features.networks.pooling import pooler
from geolocdesk.features.preparation import EFFICIENTNET_LITE0
from tests.unit.features.conftest import VGG16_LAYERS
from tests.unit.features.extractor_contract import ExtractorContract, assert_closes, random_pictures

if TYPE_CHECKING:
    import torch

LITE0 = architecture_named("efficientnet-lite0")
VGG16 = architecture_named("vgg16")
FILE = Path("weights.pth")


@pytest.fixture(scope="module")
def default_extractor() -> Iterator[Extractor]:
    extractor = open_model("efficientnet-lite0", device="cpu")
    yield extractor
    extractor.close()


@pytest.fixture(scope="module")
def default_weights() -> bytes:
    return find_model("efficientnet-lite0").weights.read()


@pytest.fixture(scope="module")
def prepared(default_extractor: Extractor) -> NDArray[np.float32]:
    return EFFICIENTNET_LITE0.normalisation.apply(random_pictures(default_extractor, 4))


class TestDefaultExtractor(ExtractorContract):
    @pytest.fixture(scope="class")
    @classmethod
    def extractor(cls, default_extractor: Extractor) -> Extractor:
        return default_extractor


def test_the_default_is_wide_and_to_be_projected(default_extractor: Extractor) -> None:
    assert default_extractor.dimension == 1504
    assert default_extractor.takes_projection
    assert default_extractor.device == "cpu"


def test_the_default_equals_the_companion_code_of_its_weights(
    default_weights: bytes, prepared: NDArray[np.float32]
) -> None:
    """At block 10, at the final map and at the class scores; the companion is unfolded and channels-first."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    state = torch.load(io.BytesIO(default_weights), weights_only=True)
    companion = EfficientNet.from_name("efficientnet-lite0")
    companion.load_state_dict(state)
    companion.eval()
    theirs: dict[str, torch.Tensor] = {}
    companion._blocks[10].register_forward_hook(
        lambda _module, _given, made: theirs.update({"block-10": made})
    )
    pictures = torch.from_numpy(prepared).permute(0, 3, 1, 2).contiguous()
    network = load_network(LITE0, default_weights, FILE, EFFICIENTNET_LITE0_POOLING, device="cpu")
    with torch.inference_mode():
        theirs["final"] = companion.extract_features(pictures)
        scores = companion(pictures)
        values, ours = pictures, {}
        for name, stage in network._stages:
            values = ours[name] = stage(values)
    assert ours["block-10"].shape == (4, 112, 14, 14)
    assert ours["final"].shape == (4, 1280, 7, 7)
    for name in ("block-10", "final"):
        torch.testing.assert_close(ours[name], theirs[name], rtol=0, atol=1e-4)
    our_scores = ours["final"].mean(dim=(2, 3)) @ state["_fc.weight"].T + state["_fc.bias"]
    torch.testing.assert_close(our_scores, scores, rtol=0, atol=1e-4)
    assert scores.std() > 0.1


def test_the_default_equals_timms_and_takes_weights_by_its_names() -> None:
    """With other weights than the usual, on a map whose sides are odd, at every cut."""
    import timm
    import torch

    theirs = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=7)
    generator = torch.Generator().manual_seed(3)
    state = theirs.state_dict()
    for name, tensor in state.items():
        if tensor.is_floating_point() and tensor.ndim == 1:  # normalisations that change something
            state[name] = torch.rand(tensor.shape, generator=generator) + 0.5
    theirs.load_state_dict(state)
    theirs.eval()
    content = io.BytesIO()
    torch.save(state, content)
    network = load_network(LITE0, content.getvalue(), FILE, EFFICIENTNET_LITE0_POOLING, device="cpu")
    values = torch.randn((2, 3, 75, 101), generator=generator)
    blocks = [block for stage in theirs.get_submodule("blocks").children() for block in stage.children()]
    reached: dict[str, torch.Tensor] = {}
    for number, block in enumerate(blocks):
        block.register_forward_hook(
            lambda _block, _given, made, name=f"block-{number}": reached.update({name: made.clone()})
        )
    forward_features: Any = theirs.forward_features
    with torch.inference_mode():
        reached["final"] = forward_features(values)
        ours = values
        for name, stage in network._stages:
            ours = stage(ours)
            torch.testing.assert_close(ours, reached[name], rtol=1e-4, atol=1e-4 * float(reached[name].std()))
            assert reached[name].std() > 0


def test_the_pooled_parts_are_mean_and_deviation_of_the_maps(
    default_weights: bytes, prepared: NDArray[np.float32]
) -> None:
    import torch

    network = load_network(LITE0, default_weights, FILE, EFFICIENTNET_LITE0_POOLING, device="cpu")
    parts = network.pool(prepared)
    with torch.inference_mode():
        lower = torch.from_numpy(prepared).permute(0, 3, 1, 2)
        for name, stage in network._stages:
            lower = stage(lower)
            if name == "block-10":
                break
    flat = lower.numpy().reshape(4, 112, -1).astype(np.float64)
    assert [part.shape for part in parts] == [(4, 1280), (4, 112), (4, 112)]
    np.testing.assert_allclose(parts[1], flat.mean(axis=2), atol=1e-5)
    np.testing.assert_allclose(parts[2], flat.std(axis=2), atol=1e-5)


def test_every_part_weighs_the_same_in_the_descriptor(default_extractor: Extractor) -> None:
    descriptor = default_extractor.describe(random_pictures(default_extractor, 1))[0]
    lengths = [np.linalg.norm(part) for part in np.split(descriptor, [1280, 1392])]
    np.testing.assert_allclose(lengths, np.sqrt(1 / 3), rtol=1e-5)


def test_vgg16_equals_its_published_configuration(
    vgg16_weights: dict[str, NDArray[np.float32]], vgg16_file: Path
) -> None:
    """Thirteen 3 × 3 convolutions in float64, halved after the 2nd, 4th, 7th and 10th, then global max."""
    import torch
    from torch.nn import functional

    generator = np.random.default_rng(5)
    pictures = generator.normal(size=(2, 64, 64, 3)).astype(np.float32)
    values = torch.from_numpy(pictures).permute(0, 3, 1, 2).double()
    for number, layer in enumerate(VGG16_LAYERS, start=1):
        weight = torch.from_numpy(vgg16_weights[f"features.{layer}.weight"]).double()
        bias = torch.from_numpy(vgg16_weights[f"features.{layer}.bias"]).double()
        values = functional.relu(functional.conv2d(values, weight, bias, padding=1))
        if number in {2, 4, 7, 10}:
            values = functional.max_pool2d(values, 2)
    network = load_network(VGG16, vgg16_file.read_bytes(), vgg16_file, VGG16_GMP_POOLING, device="cpu")
    (pooled,) = network.pool(pictures)
    assert pooled.shape == (2, 512)
    np.testing.assert_allclose(pooled, values.amax(dim=(2, 3)).numpy(), rtol=1e-4, atol=1e-4)
    assert pooled.std() > 0.1


class TestVgg16Gmp(ExtractorContract):
    count = 3

    @pytest.fixture(scope="class")
    @classmethod
    def extractor(cls, vgg16_file: Path) -> Iterator[Extractor]:
        extractor = open_model(f"vgg16-gmp={vgg16_file}", device="cpu")
        yield extractor
        extractor.close()


@pytest.mark.parametrize(
    "layout", ["whole, zip", "whole, old", "convolutions only", "wrapped", "half precision"]
)
def test_weights_are_taken_in_each_layout_torchvision_has_used(
    vgg16_weights: dict[str, NDArray[np.float32]], layout: str
) -> None:
    import torch

    state: dict[str, Any] = {name: torch.from_numpy(values) for name, values in vgg16_weights.items()}
    whole = {**state, "classifier.0.weight": torch.zeros(2, 2), "classifier.0.bias": torch.zeros(2)}
    saved: Any = {
        "whole, zip": whole,
        "whole, old": whole,
        "convolutions only": {name.removeprefix("features."): tensor for name, tensor in state.items()},
        "wrapped": {"state_dict": whole, "epoch": 3},
        "half precision": {name: tensor.half().float().half() for name, tensor in whole.items()},
    }[layout]
    stream = io.BytesIO()
    torch.save(saved, stream, _use_new_zipfile_serialization=layout != "whole, old")
    network = load_network(VGG16, stream.getvalue(), FILE, VGG16_GMP_POOLING, device="cpu")
    loaded = network._stages[0][1].state_dict()["28.bias"].numpy()  # the stage before the last ReLU
    tolerance = 1e-3 if layout == "half precision" else 0
    np.testing.assert_allclose(loaded, vgg16_weights["features.28.bias"], rtol=tolerance)


class Intruder:
    """A pickled object that would create a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("kind", ["torch, zip", "torch, old", "plain pickle"])
def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path, kind: str) -> None:
    import torch

    trace = tmp_path / "it ran"
    stream = io.BytesIO()
    if kind == "plain pickle":
        pickle.dump({"0.weight": Intruder(trace)}, stream)
    else:
        saved = {"0.weight": torch.zeros(2), "extra": Intruder(trace)}
        torch.save(saved, stream, _use_new_zipfile_serialization=kind == "torch, zip")
    with pytest.raises(ModelError, match=r"weights\.pth holds more than plain weights"):
        load_network(VGG16, stream.getvalue(), FILE, VGG16_GMP_POOLING)
    assert not trace.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"\x89PNG\r\n\x1a\n" + bytes(64), b"PK\x03\x04" + bytes(200), b"\x02\0\0\0\0\0\0\0{}", bytes(4096)],
)
def test_what_is_no_weights_file_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"weights\.pth"):
        load_network(VGG16, content, FILE, VGG16_GMP_POOLING)


def test_the_weights_of_another_network_are_refused(default_weights: bytes) -> None:
    with pytest.raises(ModelError, match=r"another network: “0\.weight” is missing"):
        load_network(VGG16, default_weights, FILE, VGG16_GMP_POOLING)


def test_a_state_dictionary_holds_tensors_only() -> None:
    import torch

    for saved in (
        [torch.zeros(2)],
        {"0.weight": 3},
        {1: torch.zeros(2)},
        {"0.weight": torch.zeros(2).to_sparse()},
    ):
        stream = io.BytesIO()
        torch.save(saved, stream)
        with pytest.raises(ModelError, match="does not hold a state dictionary"):
            load_network(VGG16, stream.getvalue(), FILE, VGG16_GMP_POOLING)


def test_weights_that_are_no_numbers_are_refused(vgg16_weights: dict[str, NDArray[np.float32]]) -> None:
    from safetensors.numpy import save

    broken = {**vgg16_weights, "features.0.bias": np.full(64, np.nan, np.float32)}
    with pytest.raises(ModelError, match="no finite numbers"):
        load_network(VGG16, save(broken), FILE, VGG16_GMP_POOLING)


@pytest.mark.parametrize("kind", ["zip", "old", "safetensors"])
def test_damaged_weights_never_do_worse_than_being_refused(kind: str) -> None:
    """Two hundred damaged copies of a small file each; what still loads is the wrong network."""
    import safetensors.torch
    import torch

    state = {"0.weight": torch.rand(3, 4), "0.bias": torch.rand(5).half(), "counter": torch.tensor(3)}
    stream = io.BytesIO()
    torch.save(state, stream, _use_new_zipfile_serialization=kind == "zip")
    whole = safetensors.torch.save(state) if kind == "safetensors" else stream.getvalue()
    chance = random.Random(kind)
    for _ in range(200):
        damaged = bytearray(whole)
        at = chance.randrange(len(damaged))
        if chance.random() < 0.3:
            del damaged[at:]
        else:
            damaged[at : at + chance.randrange(1, 20)] = chance.randbytes(chance.randrange(20))
        with pytest.raises(ModelError, match=r"weights\.pth"):
            load_network(VGG16, bytes(damaged), FILE, VGG16_GMP_POOLING)


def test_nothing_global_changes(default_weights: bytes, prepared: NDArray[np.float32]) -> None:
    import torch

    def state() -> tuple[Any, ...]:
        return (
            torch.random.get_rng_state().numpy().tobytes(),
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_default_dtype(),
            torch.backends.cudnn.benchmark,
            torch.backends.cudnn.deterministic,
            torch.backends.cudnn.allow_tf32,
        )

    before = state()
    network = load_network(LITE0, default_weights, FILE, EFFICIENTNET_LITE0_POOLING, threads=1)
    network.pool(prepared[:1])
    network.close()
    assert state() == before


def network_of(forward: "Callable[[torch.Tensor], torch.Tensor]", *, threads: int | None) -> Network:
    """Return a network whose one feature map is what ``forward`` makes of the pixels."""
    import torch
    from torch import nn

    class Stage(nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return forward(values)

    pooling = (Pooling("pixels", "max"),)
    poolers = {part: pooler(part, {}, prefix_tokens=0, channels=1) for part in pooling}
    return Network([("pixels", Stage())], poolers, torch.device("cpu"), batch=3, threads=threads)


def test_pictures_pass_in_small_batches_of_one_thread_and_without_gradients() -> None:
    import torch

    seen: list[tuple[int, int, bool]] = []

    def note(values: "torch.Tensor") -> "torch.Tensor":
        seen.append((len(values), torch.get_num_threads(), torch.is_grad_enabled()))
        return values

    pictures = np.random.default_rng(0).random((8, 4, 5, 3), np.float32)
    (pooled,) = network_of(note, threads=1).pool(pictures)
    assert seen == [(3, 1, False), (3, 1, False), (2, 1, False)]
    np.testing.assert_array_equal(pooled, pictures.max(axis=(1, 2)))


def test_as_many_pictures_as_threads_pass_side_by_side_and_stay_in_order() -> None:
    meeting = threading.Barrier(4)

    def meet(values: "torch.Tensor") -> "torch.Tensor":
        meeting.wait(timeout=60)
        return values

    pictures = np.random.default_rng(0).random((8, 4, 5, 3), np.float32)
    (pooled,) = network_of(meet, threads=4).pool(pictures)
    np.testing.assert_array_equal(pooled, pictures.max(axis=(1, 2)))


def test_pictures_of_one_caller_pass_beside_those_of_another() -> None:
    meeting = threading.Barrier(2)

    def meet(values: "torch.Tensor") -> "torch.Tensor":
        meeting.wait(timeout=60)
        return values

    network = network_of(meet, threads=2)
    pictures = np.random.default_rng(0).random((2, 1, 4, 5, 3), np.float32)
    with ThreadPoolExecutor(2) as callers:
        pooled = [part for (part,) in callers.map(network.pool, pictures)]
    network.close()
    np.testing.assert_array_equal(np.stack(pooled), pictures.max(axis=(2, 3)))


def test_a_thread_that_comes_later_computes_with_as_many_threads_as_before() -> None:
    import torch

    before = torch.get_num_threads()
    network = network_of(lambda values: values, threads=2)
    network.pool(np.zeros((2, 2, 2, 3), np.float32))
    with ThreadPoolExecutor(1) as later:
        assert later.submit(torch.get_num_threads).result() == before
    network.close()


def test_threads_are_given_back_after_a_failure() -> None:
    import torch

    def exhaust(values: "torch.Tensor") -> "torch.Tensor":
        assert torch.get_num_threads() == 1
        message = f"no room for {len(values)}"
        raise torch.OutOfMemoryError(message)

    torch_threads, threads = torch.get_num_threads(), threading.active_count()
    for workers in (1, 2):
        network = network_of(exhaust, threads=workers)
        with pytest.raises(ModelError, match="memory of cpu is not enough"):
            network.pool(np.zeros((2, 2, 2, 3), np.float32))
        network.close()
    assert torch.get_num_threads() == torch_threads
    assert threading.active_count() == threads


def test_the_accelerators_way_of_batching_gives_the_same(
    default_weights: bytes, prepared: NDArray[np.float32]
) -> None:
    """Run on the CPU, where every machine can check it; its global settings are given back, too."""
    import torch

    before = (
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.allow_tf32,
    )
    network = load_network(LITE0, default_weights, FILE, EFFICIENTNET_LITE0_POOLING, device="cpu")
    batches = network._on_accelerator(prepared)
    assert [len(batch[0]) for batch in batches] == [3, 1]
    for part, expected in zip(zip(*batches, strict=True), network.pool(prepared), strict=True):
        np.testing.assert_allclose(np.concatenate(part), expected, rtol=0, atol=1e-4)
    after = (
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.allow_tf32,
    )
    assert after == before


@pytest.mark.parametrize("spec", ["efficientnet-lite0", "vgg16-gmp"])
def test_on_a_cpu_neither_batch_nor_threads_change_a_bit(spec: str, vgg16_file: Path) -> None:
    path = f"={vgg16_file}" if spec == "vgg16-gmp" else ""
    one, two = (open_model(spec + path, device="cpu", threads=threads) for threads in (1, 2))
    pictures = random_pictures(one, 4)
    together = one.describe(pictures)
    assert two.describe(pictures[1:]).tobytes() == together[1:].tobytes()
    assert two.describe(pictures[3:]).tobytes() == together[3:].tobytes()
    one.close()
    two.close()


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "cpu:0", ""])
def test_an_unknown_device_is_refused(default_weights: bytes, device: str) -> None:
    with pytest.raises(ModelError, match="There is no device"):
        load_network(LITE0, default_weights, FILE, EFFICIENTNET_LITE0_POOLING, device=device)


def test_a_device_this_machine_lacks_is_refused_with_the_reason(default_weights: bytes) -> None:
    with pytest.raises(
        ModelError, match=r"cuda:97 cannot be used here \(.+\); choose the device auto or cpu"
    ):
        load_network(LITE0, default_weights, FILE, EFFICIENTNET_LITE0_POOLING, device="cuda:97")


def test_a_closed_extractor_describes_nothing_more() -> None:
    assert_closes(open_model("efficientnet-lite0", device="cpu"))


@pytest.mark.parametrize(("precision", "closeness"), [("bfloat16", 0.05), ("float16", 0.005)])
def test_a_lower_precision_is_another_model_and_near_the_first(
    default_extractor: Extractor, precision: str, closeness: float
) -> None:
    lower = open_model(f"efficientnet-lite0@{precision}", device="cpu")
    pictures = random_pictures(lower, 2)
    difference = np.abs(lower.describe(pictures) - default_extractor.describe(pictures)).max()
    assert 1e-5 < difference < closeness
    assert lower.device == f"cpu, {precision}"
    assert lower.identity.extractor_id != default_extractor.identity.extractor_id
    assert ExtractorIdentity.from_json(lower.identity.to_json()) == lower.identity
    record = find_model(f"efficientnet-lite0@{precision}")
    assert ModelRecord.from_json(record.to_json()) == record
    lower.close()


def test_float32_is_not_named_so_that_older_packs_keep_their_identity(default_extractor: Extractor) -> None:
    assert "precision" not in default_extractor.identity.to_json()
    assert "precision" not in find_model("efficientnet-lite0").to_json()


def test_an_unknown_precision_is_refused() -> None:
    record = {**find_model("efficientnet-lite0").to_json(), "precision": "float8"}
    with pytest.raises(ModelError, match="no precision “float8”"):
        ModelRecord.from_json(record)
