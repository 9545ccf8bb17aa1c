"""The forward pass of each extractor: as this program runs it, as torch's own modules do, and in other engines.

OpenVINO and ONNX Runtime are measured where they are installed; the program does not use them for its own networks.
"""

import importlib.util
import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import timm  # noqa: TID253 - this program measures it
import torch  # noqa: TID253
import torchvision  # noqa: TID253
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray

from geolocdesk.features.descriptor import unit_rows
from geolocdesk.features.extractor import Extractor
from geolocdesk.features.model_pack import DEFAULT_MODEL, find_model, open_model
from geolocdesk.features.preparation import Normalisation
from tests.benchmarks.table import Line, Section, seconds_of

BATCH = 32
SEED = 2017

Pictures = NDArray[np.uint8]


def pictures_of(count: int) -> Pictures:
    """Return pictures with structure at every scale, unlike noise, so that no network saturates."""
    rng = np.random.default_rng(SEED)
    coarse = torch.from_numpy(rng.random((count, 3, 14, 14), np.float32))
    smooth = torch.nn.functional.interpolate(coarse, size=(224, 224), mode="bicubic")
    grain = rng.normal(0.0, 0.05, (count, 3, 224, 224)).astype(np.float32)
    values = (smooth.numpy() + grain).clip(0.0, 1.0) * 255.0
    return np.ascontiguousarray(values.transpose(0, 2, 3, 1).astype(np.uint8))


def write_vgg16_weights(path: Path) -> None:
    """Write random weights of VGG-16, of a size that keeps the activations': speed does not depend on them."""
    rng = np.random.default_rng(SEED)
    plain = torchvision.models.vgg16(weights=None, init_weights=False).features[:30]
    weights = {
        f"features.{name}": rng.standard_normal(values.shape, np.float32)
        * np.float32(np.sqrt(2.0 / max(1, values[0].numel())) if values.ndim > 1 else 0.1)
        for name, values in plain.state_dict().items()
    }
    safetensors.numpy.save_file(weights, path)


class _Lite0(torch.nn.Module):
    """The companion code of the default model's weights, with its three poolings."""

    def __init__(self) -> None:
        super().__init__()
        self.network = EfficientNet.from_name("efficientnet-lite0")
        weights = find_model(DEFAULT_MODEL).weights.read()
        self.network.load_state_dict(torch.load(io.BytesIO(weights), weights_only=True))

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        network = self.network
        values = network._swish(network._bn0(network._conv_stem(values)))
        for block in network._blocks[:11]:
            values = block(values)
        lower = values
        for block in network._blocks[11:]:
            values = block(values)
        final = network._swish(network._bn1(network._conv_head(values)))
        return final.mean((2, 3)), lower.mean((2, 3)), lower.std((2, 3), correction=0)


class _Vgg16(torch.nn.Module):
    """torchvision's VGG-16 with global max pooling."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.network = torchvision.models.vgg16(weights=None, init_weights=False).features[:30]
        weights = safetensors.numpy.load_file(file)
        self.network.load_state_dict(
            {name.removeprefix("features."): torch.from_numpy(values) for name, values in weights.items()}
        )

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (self.network(values).amax((2, 3)),)


def prepared(normalisation: Normalisation, pictures: Pictures) -> torch.Tensor:
    """Return pictures as torch's modules take them."""
    return torch.from_numpy(normalisation.apply(pictures)).permute(0, 3, 1, 2).contiguous()


def descriptors_of(parts: tuple[Any, ...]) -> NDArray[np.float32]:
    """Return what the extractors make of pooled parts."""
    return unit_rows(np.concatenate([unit_rows(np.asarray(part)) for part in parts], axis=1))


Run = Callable[[], object]


def other_engines(
    plain: torch.nn.Module, threads: int, scratch: Path
) -> Iterator[tuple[str, Callable[[NDArray[np.float32]], Any]]]:
    """Yield each engine that is installed, with the network in it."""
    example = torch.zeros((1, 3, 224, 224))
    if importlib.util.find_spec("openvino"):
        import openvino

        model = openvino.convert_model(plain, example_input=example)
        settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        compiled = openvino.Core().compile_model(model, "CPU", settings)
        yield (
            f"OpenVINO {openvino.__version__.split('-')[0]}",
            lambda values: tuple(compiled([values]).values()),
        )
    if importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnx"):
        import onnxruntime

        file = scratch / "network.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its remarks on what it does not fold
            torch.onnx.export(
                plain, (example,), file, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "n"}}
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        yield f"ONNX Runtime {onnxruntime.__version__}", lambda values: session.run(None, {"x": values})


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch use so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _lines(
    name: str,
    plain: torch.nn.Module,
    extractor: Extractor,
    pictures: Pictures,
    *,
    seconds: float,
    scratch: Path,
) -> list[Line]:
    """Measure one network on pictures at once, on as many threads as torch has."""
    plain = plain.eval().requires_grad_(False)
    values = prepared(extractor.identity.preparation.normalisation, pictures)
    count, threads = len(pictures), torch.get_num_threads()
    with torch.inference_mode():
        expected = descriptors_of(plain(values))
        reference = seconds_of(lambda: plain(values), for_s=seconds)
    lines = [Line(f"{name}, torch's modules", 1e3 * reference / count, "ms a photo", 1.0)]

    def add(engine: str, run: Run, made: NDArray[np.float32]) -> None:
        taken = seconds_of(run, for_s=seconds)
        lines.append(Line(f"{name}, {engine}", 1e3 * taken / count, "ms a photo", reference / taken))
        difference = float(np.abs(made - expected).max())
        lines.append(Line(f"… largest difference of a component: {engine}", difference, ""))

    add("this program", lambda: extractor.describe(pictures), extractor.describe(pictures))
    array = values.numpy()
    for engine, run in other_engines(plain, threads, scratch):
        add(engine, partial(run, array), descriptors_of(tuple(run(array))))
    return lines


def measure(scratch: Path, *, quick: bool) -> Iterator[Section]:
    """Yield one photo on one thread, a batch on all of them, and each network beside GeoCLIP's."""
    seconds = 0.2 if quick else 4.0
    file = scratch / "vgg16.safetensors"
    write_vgg16_weights(file)
    cores = os.cpu_count() or 1
    batch = 2 if quick else BATCH
    networks: list[tuple[str, str, Callable[[], torch.nn.Module]]] = [
        ("EfficientNet-Lite0", DEFAULT_MODEL, _Lite0),
        ("VGG-16", f"vgg16-gmp={file}", lambda: _Vgg16(file)),
    ]
    one_ms: dict[str, float] = {}
    for title, threads, count in (
        ("Forward pass: one photo, one thread", 1, 1),
        (f"Forward pass: {batch} photos, {cores} threads", cores, batch),
    ):
        lines: list[Line] = []
        with torch_threads(threads):
            for name, spec, plain in networks:
                extractor = open_model(spec, device="cpu", threads=threads)
                lines += _lines(
                    name, plain(), extractor, pictures_of(count), seconds=seconds, scratch=scratch
                )
                extractor.close()
                if count == 1:
                    one_ms[name] = next(line.value for line in lines if line.what == f"{name}, this program")
        yield Section(title, "speed, as a multiple of torch's own modules in float32", tuple(lines))
    yield _beside_geoclip(one_ms, seconds)


def _beside_geoclip(one_ms: dict[str, float], seconds: float) -> Section:
    """Compare with CLIP ViT-L/14, GeoCLIP's image encoder, with random weights."""
    network = timm.create_model("vit_large_patch14_clip_224", pretrained=False, num_classes=768).eval()
    values = torch.zeros((1, 3, 224, 224))
    with torch.inference_mode(), torch_threads(1):
        clip_ms = 1e3 * seconds_of(lambda: network(values), for_s=seconds, least=2)
    lines = [Line("CLIP ViT-L/14 (GeoCLIP's image encoder)", clip_ms, "ms", 1.0)]
    lines += [Line(f"{name}, this program", taken, "ms", taken / clip_ms) for name, taken in one_ms.items()]
    return Section(
        "One photo, one thread, beside GeoCLIP", "time, as a share of CLIP ViT-L/14's", tuple(lines)
    )
