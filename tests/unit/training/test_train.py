"""Whole trainings of tiny models: from a table to a model folder, stopped and gone on with."""

import csv
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from geolocdesk.errors import ModelError, OutputError, SourceError, TrainingError, UsageError
from geolocdesk.features.class_heads import ClassHeads
from geolocdesk.features.embedding import Embedding, load_descriptor_map
from geolocdesk.features.extractor import Extractor
from geolocdesk.features.model_pack import class_heads_of, extractor_from_record, find_model, read_model
from geolocdesk.features.model_record import ModelRecord
from geolocdesk.features.networks.learner import Learner
from geolocdesk.features.networks.session import training_session
from geolocdesk.features.networks.state import read_tensors
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.training import train as train_module
from geolocdesk.training.cells_file import write_cells
from geolocdesk.training.checkpoint import read_checkpoint, work_folder
from geolocdesk.training.partition import PartitionRule, partition_earth
from geolocdesk.training.photos import read_training_photos
from geolocdesk.training.plan import TrainingPlan
from geolocdesk.training.train import TrainingResult, train
from tests.doubles.extractor import HistogramExtractor

PLACES = 20
PLAN = TrainingPlan(widths=(16,), epochs=3, batch=16, rate=0.01, validation=0.2)


class KilledError(Exception):
    pass


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Let torch work on one thread: for tiny layers more only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a table of photos whose colours tell in which quarter of the Earth they were taken."""
    folder = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(3)
    with (folder / "photos.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "latitude", "longitude", "place"])
        for place in range(PLACES):
            latitude, longitude = (-40.0, 40.0)[place % 2], (-90.0, 90.0)[place // 2 % 2]
            latitude, longitude = latitude + place / 10, longitude + place / 10
            for view in range(4):
                colour = np.array([200 * (latitude > 0), 200 * (longitude > 0), 90]) + generator.normal(
                    0, 8, 3
                )
                pixels = np.clip(colour + generator.normal(0, 30, (64, 64, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{place}_{view}.png")
                writer.writerow([f"{place}_{view}.png", latitude, longitude, place])
    return folder / "photos.csv"


@pytest.fixture(scope="module")
def cells(table: Path) -> list[Path]:
    photos = read_training_photos(table, Selection())
    paths = []
    for most in (60, 25):
        paths.append(table.parent / f"cells-{most}.geojson")
        write_cells(paths[-1], partition_earth(photos.positions, PartitionRule(most)))
    return paths


@pytest.fixture
def histogram(monkeypatch: pytest.MonkeyPatch) -> ModelRecord:
    """Let the default model's frozen network be the histogram extractor, which is quick."""
    extractor = HistogramExtractor()
    identity = extractor.identity

    def bare(_start: ModelRecord, _device: str) -> Extractor:
        return HistogramExtractor()

    monkeypatch.setattr(train_module, "_bare_extractor", bare)
    monkeypatch.setattr(ModelRecord, "identity", lambda _record: identity)
    return replace(find_model("efficientnet-lite0"), preparation=identity.preparation)


def run(
    table: Path,
    cells: list[Path],
    out: Path,
    start: ModelRecord,
    plan: TrainingPlan = PLAN,
    *,
    resume: bool = False,
    cache: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> TrainingResult:
    with training_session("cpu") as session:
        return train(
            read_training_photos(table, Selection()),
            cells,
            out,
            plan,
            start=start,
            session=session,
            clock=lambda: "2026-01-01T00:00:00Z",
            resume=resume,
            cache=cache,
            progress=progress,
        )


def stop_at(step: int) -> ProgressCallback:
    def watch(progress: Progress) -> None:
        if progress.task == "Training" and progress.done == step:
            raise KilledError

    return watch


def heads_in(folder: Path) -> ClassHeads:
    heads = class_heads_of(read_model(folder))
    assert heads is not None
    return heads


def numbers_of(folder: Path) -> dict[str, bytes]:
    names = ("projection.safetensors", "classes.safetensors", "weights.safetensors", "training.csv")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def test_a_training_learns_and_leaves_a_model_folder(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord
) -> None:
    plan = replace(PLAN, epochs=20, keep=0.5)
    result = run(table, cells, tmp_path / "model", histogram, plan)
    assert (result.taught, result.kept_apart, result.grouped_by) == (64, 16, "place")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    record = read_model(tmp_path / "model")
    assert record == result.record
    heads = heads_in(tmp_path / "model")
    assert record.classes is not None
    assert record.classes.cells == tuple(len(head) for head in heads.heads)
    assert [int(head.photos.sum()) for head in heads.heads] == [64, 64]
    assert record.projection is not None
    embedding = load_descriptor_map(Path(record.projection.path))
    assert isinstance(embedding, Embedding)
    assert embedding.dimension == heads.dimension == record.projection.dimension
    rows = list(csv.DictReader((tmp_path / "model" / "training.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == [str(epoch) for epoch in range(1, 21)]
    assert float(rows[-1]["loss"]) < 0.5 * float(rows[0]["loss"])
    assert float(rows[-1]["NN 2500 km"]) > 90.0
    recipe = json.loads((tmp_path / "model" / "training.json").read_text())
    assert recipe["plan"]["keep"] == 0.5
    _assert_classes_are_right(table, embedding, heads)


def _assert_classes_are_right(table: Path, embedding: Embedding, heads: ClassHeads) -> None:
    photos = read_training_photos(table, Selection())
    pictures = np.stack([np.asarray(Image.open(path)) for path in photos.paths])
    vectors = embedding.apply(HistogramExtractor().describe(pictures))
    best = heads.heads[0].bounds[heads.heads[0].probabilities(vectors).argmax(axis=1)]
    latitudes, longitudes = photos.positions.T
    right = (best[:, 0] <= latitudes) & (latitudes < best[:, 1]) & (best[:, 2] <= longitudes)
    assert right.mean() > 0.9


@pytest.mark.parametrize("loss", ["classification", "ranking", "contrastive"])
def test_a_stopped_training_ends_as_if_it_had_never_stopped(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord, loss: str
) -> None:
    plan = replace(PLAN, loss=loss, different_km=500.0, mined=3, mix=0.3 if loss == "classification" else 0.0)  # type: ignore[arg-type]
    run(table, cells[:1], tmp_path / "whole", histogram, plan)
    for stop in (2, 6, 11):
        with pytest.raises(KilledError):
            run(table, cells[:1], tmp_path / "stopped", histogram, plan, resume=True, progress=stop_at(stop))
    run(table, cells[:1], tmp_path / "stopped", histogram, plan, resume=True)
    assert numbers_of(tmp_path / "stopped") == numbers_of(tmp_path / "whole")


def test_a_checkpoint_amid_an_epoch_counts_as_well(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(table, cells, tmp_path / "whole", histogram)
    monkeypatch.setattr("geolocdesk.training.trainer.CHECKPOINT_STEPS", 1)
    with pytest.raises(KilledError):
        run(table, cells, tmp_path / "stopped", histogram, progress=stop_at(7))
    checkpoint = read_checkpoint(work_folder(tmp_path / "stopped"))
    assert checkpoint is not None
    assert checkpoint.step == 6
    run(table, cells, tmp_path / "stopped", histogram, resume=True)
    assert numbers_of(tmp_path / "stopped") == numbers_of(tmp_path / "whole")


def test_the_same_seed_gives_the_same_model_and_another_does_not(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord
) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        run(table, cells, tmp_path / name, histogram, replace(PLAN, seed=seed, epochs=1))
    assert numbers_of(tmp_path / "one") == numbers_of(tmp_path / "again")
    assert heads_in(tmp_path / "one").sha256 != heads_in(tmp_path / "other").sha256


def test_a_model_is_trained_further_from_what_it_knows(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord
) -> None:
    run(table, cells, tmp_path / "first", histogram, replace(PLAN, epochs=20))
    first = read_model(tmp_path / "first")
    still = replace(PLAN, epochs=1, rate=1e-12, weight_decay=0.0)
    run(
        table,
        cells,
        tmp_path / "second",
        replace(histogram, projection=first.projection, classes=first.classes),
        still,
    )
    for one, other in zip(
        heads_in(tmp_path / "first").heads, heads_in(tmp_path / "second").heads, strict=True
    ):
        np.testing.assert_allclose(one.weight, other.weight, atol=1e-4)
    ranked = replace(still, loss="ranking", different_km=500.0)
    run(table, [], tmp_path / "ranked", replace(histogram, projection=first.projection), ranked)
    assert read_model(tmp_path / "ranked").classes is None
    wider = replace(still, widths=(17,))
    with pytest.raises(ModelError, match="layers of"):
        run(table, cells, tmp_path / "wider", replace(histogram, projection=first.projection), wider)


def test_a_cache_serves_the_next_training(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord
) -> None:
    tasks: list[str] = []
    for name in ("one", "two", "further"):
        tasks.append(name)
        start = histogram
        if name == "further":  # from a model folder whose network is the same, in another file
            start = replace(histogram, weights=read_model(tmp_path / "one").weights)
        run(
            table,
            cells,
            tmp_path / name,
            start,
            replace(PLAN, epochs=1),
            cache=tmp_path / "cache",
            progress=lambda progress: tasks.append(progress.task),
        )
    assert "Describing photos" in tasks[: tasks.index("two")]
    assert set(tasks[tasks.index("two") :]) == {"two", "Training", "further"}
    assert numbers_of(tmp_path / "one") == numbers_of(tmp_path / "two")


def test_unreadable_photos_are_named_and_left_out(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord
) -> None:
    lines = table.read_text().splitlines()
    damaged = table.parent / "damaged.csv"
    damaged.write_text("\n".join([*lines, "photos.csv,1,2,x", "missing.png,3,4,y"]) + "\n")
    result = run(damaged, cells, tmp_path / "model", histogram, replace(PLAN, epochs=1))
    assert len(result.rejected) == 2
    assert "photos.csv" in result.rejected[0]
    assert "missing.png" in result.rejected[1]
    assert result.taught + result.kept_apart == 80
    nothing = table.parent / "nothing.csv"
    nothing.write_text("file,latitude,longitude\nmissing.png,1,2\n")
    with pytest.raises(SourceError, match="None of the 1 photos"):
        run(nothing, cells, tmp_path / "none", histogram)


def test_a_loss_that_runs_away_is_said_and_loses_nothing(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary: Callable[..., float] = Learner.classify
    steps: list[int] = []

    def running_away(self: Learner, *given: object, **named: object) -> float:
        steps.append(1)
        return ordinary(self, *given, **named) if len(steps) <= 5 else math.nan

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "classify", running_away)
        with pytest.raises(TrainingError, match=r"no longer a number at step 6 of 12.*--rate"):
            run(table, cells, tmp_path / "model", histogram)
    checkpoint = read_checkpoint(work_folder(tmp_path / "model"))
    assert checkpoint is not None
    assert checkpoint.step == 4
    run(table, cells, tmp_path / "model", histogram, resume=True)
    run(table, cells, tmp_path / "whole", histogram)
    assert numbers_of(tmp_path / "model") == numbers_of(tmp_path / "whole")


def test_a_full_disk_is_said_before_anything_is_described(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1000))
    with pytest.raises(OutputError, match="has room for"):
        run(table, cells, tmp_path / "model", histogram)
    monkeypatch.undo()


def test_what_is_there_is_never_overwritten(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord
) -> None:
    with pytest.raises(KilledError):
        run(table, cells, tmp_path / "model", histogram, progress=stop_at(3))
    with pytest.raises(OutputError, match="--resume"):
        run(table, cells, tmp_path / "model", histogram)
    with pytest.raises(OutputError, match="another plan"):
        run(table, cells, tmp_path / "model", histogram, replace(PLAN, rate=0.02), resume=True)
    run(table, cells, tmp_path / "model", histogram, resume=True)
    with pytest.raises(OutputError, match="exists already"):
        run(table, cells, tmp_path / "model", histogram, resume=True)


def test_senseless_cells_are_refused(
    table: Path, cells: list[Path], tmp_path: Path, histogram: ModelRecord
) -> None:
    with pytest.raises(UsageError, match="needs --cells"):
        run(table, [], tmp_path / "model", histogram)
    with pytest.raises(UsageError, match="as many cells"):
        run(table, [cells[0], cells[0]], tmp_path / "model", histogram)
    whole = tmp_path / "whole.geojson"
    write_cells(whole, partition_earth(np.zeros((1, 2)), PartitionRule(5)))
    with pytest.raises(UsageError, match="one cell of 1 cells"):
        run(table, [whole], tmp_path / "one", histogram)


def lite0_pictures(count: int) -> NDArray[np.uint8]:
    generator = np.random.default_rng(4)
    coarse = generator.integers(0, 256, (count, 7, 7, 3))
    return np.kron(coarse, np.ones((1, 32, 32, 1))).astype(np.uint8)


def test_upper_layers_are_trained_and_open_again(table: Path, cells: list[Path], tmp_path: Path) -> None:
    few = table.parent / "few.csv"
    lines = table.read_text().splitlines()
    few.write_text("\n".join(lines[:17]) + "\n")
    plan = replace(PLAN, freeze=17, epochs=1, batch=8, backbone_rate=1.0, validation=0.0)
    start = find_model("efficientnet-lite0")
    augmented = replace(plan, augmentation=("crop", "flip", "colour", "jpeg", "blur"), views=2)
    run(few, cells[1:], tmp_path / "model", start, augmented)
    record = read_model(tmp_path / "model")
    tensors = read_tensors(record.weights.read(), record.weights.locate())
    assert any(name.startswith("tuned.") for name in tensors)
    pictures = lite0_pictures(2)
    before = extractor_from_record(
        replace(record, projection=None, weights=start.weights), None, device="cpu"
    )
    after = extractor_from_record(replace(record, projection=None), None, device="cpu")
    change = np.abs(after.describe(pictures) - before.describe(pictures)).max()
    assert change > 1e-4
    whole = extractor_from_record(record, None, device="cpu")
    assert whole.describe(pictures).shape == (2, 16)
    for extractor in (before, after, whole):
        extractor.close()


def test_what_is_trained_above_a_cut_begins_as_the_network(table: Path) -> None:
    from geolocdesk.features.networks.device import choose_device
    from geolocdesk.features.networks.trainable import open_trainable

    del table
    start = find_model("efficientnet-lite0")
    pictures = lite0_pictures(2)
    expected = extractor_from_record(start, None, device="cpu").describe(pictures)
    for frozen in (0, 9, 17):
        backbone = open_trainable(start, frozen, choose_device("cpu"))
        from geolocdesk.features.networks.learner import LearnerPlan

        learner = Learner(LearnerPlan(1504, (4,), (2,)), backbone, choose_device("cpu"))
        rows = backbone.lower(start.preparation.normalisation.apply(pictures))
        np.testing.assert_allclose(learner.base_descriptors(rows), expected, atol=2e-3)
    with pytest.raises(UsageError, match="layers; freeze"):
        open_trainable(start, 99, choose_device("cpu"))


def test_whitening_alone_takes_no_steps(table: Path, tmp_path: Path, histogram: ModelRecord) -> None:
    plan = TrainingPlan(loss="whitening", widths=(), keep=1.0, whitening="places", validation=0.2)
    result = run(table, [], tmp_path / "model", histogram, plan)
    assert result.record.classes is None
    assert result.record.projection is not None
    embedding = load_descriptor_map(Path(result.record.projection.path))
    assert isinstance(embedding, Embedding)
    assert len(embedding.parts) == 1
    assert embedding.input_dimension == HistogramExtractor().dimension
