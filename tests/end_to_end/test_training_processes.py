"""Trainings as users run them: killed and gone on with, in several processes, watched, and what becomes of the model."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

from tests.end_to_end.conftest import run_geolocdesk

PLACES = 24
COMMON = ("--epochs", "6", "--batch", "16", "--embedding", "16", "--device", "cpu", "--seed", "3")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a table of photos of four quarters of the Earth, two partitions, and described photos."""
    folder = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(5)
    with (folder / "photos.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "latitude", "longitude", "place"])
        for place in range(PLACES):
            latitude, longitude = (-40.0, 40.0)[place % 2], (-90.0, 90.0)[place // 2 % 2]
            colour = np.array([200 * (latitude > 0), 200 * (longitude > 0), 90])
            for view in range(2):
                pixels = np.clip(colour + generator.normal(0, 30, (96, 96, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{place}_{view}.png")
                writer.writerow([f"{place}_{view}.png", latitude + place / 10, longitude + place / 10, place])
    for most in (40, 15):
        made = run_geolocdesk(
            ENVIRONMENT,
            *("partition", folder / "photos.csv", "--out", folder / f"{most}.geojson"),
            *("--max-images", str(most)),
        )
        assert made.returncode == 0, made.stderr
    return folder


def arguments(folder: Path, out: Path, *more: str) -> list[str]:
    cells = [str(folder / "40.geojson"), str(folder / "15.geojson")]
    train = ["train", "--photos", str(folder / "photos.csv"), "--cells", *cells, "--out", str(out)]
    return [*train, "--cache", str(folder / "cache"), *COMMON, *more]


def numbers_in(model: Path) -> dict[str, bytes]:
    names = ("projection.safetensors", "classes.safetensors", "weights.safetensors", "training.csv")
    return {name: (model / name).read_bytes() for name in names}


def log_in(model: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((model / "training.csv").read_text(encoding="utf-8").splitlines()))


def start(command: Sequence[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "geolocdesk", *command],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_training_ends_with_the_weights_of_one_that_was_not(folder: Path, tmp_path: Path) -> None:
    for epoch in (1, 3, 4):
        with start(arguments(folder, tmp_path / "killed", "--mix", "0.4", "--resume")) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith(f"Epoch {epoch}:"):
                    break
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert not (tmp_path / "killed").exists()
    for name, more in (("killed", ["--resume"]), ("whole", [])):
        done = run_geolocdesk(ENVIRONMENT, *arguments(folder, tmp_path / name, "--mix", "0.4", *more))
        assert done.returncode == 0, done.stderr
        assert ("Epoch 1:" in done.stderr) == (name == "whole")
    assert numbers_in(tmp_path / "killed") == numbers_in(tmp_path / "whole")


def test_two_processes_learn_what_one_does(folder: Path, tmp_path: Path) -> None:
    alone = run_geolocdesk(ENVIRONMENT, *arguments(folder, tmp_path / "one", "--dropout", "0"))
    assert alone.returncode == 0, alone.stderr
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launcher, "-m", "geolocdesk", *arguments(folder, tmp_path / "two", "--dropout", "0")]
    together = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert together.returncode == 0, together.stderr
    for name in ("projection.safetensors", "classes.safetensors"):
        one, two = (safetensors.numpy.load_file(tmp_path / model / name) for model in ("one", "two"))
        for tensor in one:
            np.testing.assert_allclose(two[tensor], one[tensor], rtol=1e-4, atol=1e-4, err_msg=tensor)
    losses = [[float(row["loss"]) for row in log_in(tmp_path / model)] for model in ("one", "two")]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][-1] < losses[0][0]


def test_tensorboard_reads_the_course_of_a_training_in_half_precision(folder: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = tmp_path / "board"
    done = run_geolocdesk(
        ENVIRONMENT,
        *arguments(folder, tmp_path / "model", "--mixed-precision", "--tensorboard", str(board)),
    )
    assert done.returncode == 0, done.stderr
    events = EventAccumulator(str(board))
    events.Reload()
    log = log_in(tmp_path / "model")
    written = events.Scalars("loss")
    assert [event.step for event in written] == [int(row["steps"]) for row in log]
    np.testing.assert_allclose(
        [event.value for event in written], [float(row["loss"]) for row in log], rtol=1e-4
    )
    assert written[-1].value < written[0].value
    assert {"loss", "rate", "NN 750 km"} <= set(events.Tags()["scalars"])


def test_a_trained_model_goes_through_every_command(folder: Path, tmp_path: Path) -> None:
    model, pack, table = tmp_path / "model", tmp_path / "pack", folder / "photos.csv"

    def run(*given: str | Path) -> str:
        done = run_geolocdesk(ENVIRONMENT, *given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    kept = ("--keep", "4", "--whitening", "places", "--side-px", "160", "--smooth-km", "400")
    run(*arguments(folder, model, *kept))
    run("reference", "build", table, "--model", model, "--out", pack)
    document = json.loads(run("analyse", folder / "3_0.png", "--reference", pack, "--json"))
    assert document["provenance"]["parameters"]["estimator"] == "fused"
    assert document["provenance"]["parameters"]["bandwidth_deg"] == 1.0
    assert len(document["levels"]) == 5
    answered = tmp_path / "classes.csv"
    run("analyse", folder / "3_0.png", "--reference", pack, "--estimator", "classes", "--csv", answered)
    (row,) = csv.DictReader(answered.read_text(encoding="utf-8").splitlines())
    assert 0.0 < float(row["cell_1_probability"]) <= 1.0

    queries = ("--reference", pack, "--queries", table, "--exclude-same", "place")
    run("calibrate", *queries, "--estimator", "fused", "--estimator", "classes")
    calibrated = json.loads(run("analyse", folder / "3_0.png", "--reference", pack, "--json"))
    assert all(level["calibrated"] for level in calibrated["levels"])
    measured = json.loads(run("evaluate", *queries, "--json"))
    found = {one["method"]: one for one in measured["methods"]}
    assert {"nearest", "knn-4", "vo2017", "levels", "classes", "class-levels", "fused"} <= found.keys()
    assert {name for name, one in found.items() if one.get("calibrated")} == {"fused", "class-levels"}
    # four colours, four quarters of the Earth: a model that learned anything knows the continent
    assert found["fused"]["accuracy_percent"][-1] > 80.0
