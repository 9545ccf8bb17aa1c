"""The default network's speed as this program runs it, beside the plain companion code, in one run.

Run: python tests/benchmarks/forward_pass.py [--seconds 3]
"""

import argparse
import io
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch  # noqa: TID253 - this program measures it
from efficientnet_lite_pytorch import EfficientNet

from geolocdesk.features.model_pack import DEFAULT_MODEL, find_model, open_model

BATCHES = (1, 8, 32)
THREADS = (1, 2)


def rate(run: Callable[[], Any], photos: int, seconds: float) -> float:
    """Return photos a second: the median of the calls that fit in the time, after one that is not counted."""
    run()
    durations: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(durations) < 3:
        started = time.perf_counter()
        run()
        durations.append(time.perf_counter() - started)
    return photos / statistics.median(durations)


def plainly(network: EfficientNet, prepared: torch.Tensor) -> None:
    """Run the companion code as it comes, on a whole batch."""
    with torch.inference_mode():
        network.extract_features(prepared)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()

    companion = EfficientNet.from_name("efficientnet-lite0")
    weights = find_model(DEFAULT_MODEL).weights.read()
    companion.load_state_dict(torch.load(io.BytesIO(weights), weights_only=True))
    companion.eval()
    extractor = open_model(DEFAULT_MODEL, device="cpu")
    pictures = np.random.default_rng(0).integers(0, 256, (max(BATCHES), 224, 224, 3), dtype=np.uint8)
    prepared = (torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().float() - 127) / 128

    sys.stdout.write("photos a second\n")
    sys.stdout.write("threads  batch   plain network   describe()   ratio  \n")
    for threads in THREADS:
        torch.set_num_threads(threads)
        for batch in BATCHES:
            pair = (
                partial(plainly, companion, prepared[:batch]),
                partial(extractor.describe, pictures[:batch]),
            )
            plain, ours = (rate(run, batch, options.seconds) for run in pair)
            sys.stdout.write(f"{threads:7d} {batch:6d} {plain:15.1f} {ours:12.1f} {ours / plain:7.2f}\n")
            sys.stdout.flush()
    extractor.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
