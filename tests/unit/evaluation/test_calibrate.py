"""From queries of known places to a pack whose answers are calibrated."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geolocdesk.analysis import Analyser, Analysis, Exclusions
from geolocdesk.errors import CalibrationError, SourceError
from geolocdesk.estimation.estimate import estimate_location
from geolocdesk.estimation.location import Calibration, EstimationParameters, EstimatorName, Familiarity
from geolocdesk.evaluation.calibrate import CalibrationFit, HeldOut, fit_calibration, hold_out
from geolocdesk.evaluation.describing import DescribedQueries, describe_queries
from geolocdesk.evaluation.known_queries import Known
from geolocdesk.evaluation.test_set import read_test_set
from geolocdesk.features.class_heads import ClassHead, ClassHeads, refine
from geolocdesk.reference.calibration_file import CALIBRATION_NAME, add_calibration
from geolocdesk.reference.pack import Pack, open_pack
from geolocdesk.reference.sources import open_source
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.training.partition import PartitionRule, partition_earth
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.small_packs import build_small_pack, clock

PARAMETERS = EstimationParameters(neighbours=20)
NOTHING = Selection()


def draw(path: Path, latitude: float, view: int) -> None:
    """Draw a picture whose colours follow the latitude, so that resemblance means nearness."""
    random = np.random.default_rng(round((latitude + 90) * 1000) * 10 + view)
    colours = random.normal(128 + latitude / 2, 60, (6, 6, 3)).clip(0, 255).astype(np.uint8)
    Image.fromarray(colours).resize((96, 72), Image.Resampling.BILINEAR).save(path, quality=92)


@dataclass(frozen=True)
class World:
    folder: Path

    @property
    def pack(self) -> Path:
        return self.folder / "pack"

    def described(self, table: str, exclude_same: str | None = None) -> DescribedQueries:
        queries = read_test_set(self.folder / table, NOTHING, exclude_same)
        return describe_queries(queries, HistogramExtractor(), clock=clock)

    def held_out(self, table: str, exclude_same: str | None = None) -> HeldOut:
        described = self.described(table, exclude_same)
        with open_pack(self.pack) as pack:
            return hold_out(described, described.vectors, pack, neighbours=20, exclude_same=exclude_same)


def write_table(path: Path, rows: list[tuple[str, float, float, str]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "latitude", "longitude", "place"])
        writer.writerows(rows)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("calibrate")
    references: list[tuple[str, float, float, str]] = []
    queries: list[tuple[str, float, float, str]] = []
    for number, latitude in enumerate(np.linspace(-80, 80, 90).round(3).tolist()):
        for view in range(2):
            name = f"{number}-{view}.jpg"
            draw(folder / name, latitude, view)
            row = (name, latitude, 10.0, f"p{number}")
            (queries if number % 3 == 0 else references).append(row)
    write_table(folder / "references.csv", references)
    write_table(folder / "queries.csv", queries)
    build_small_pack(
        open_source(folder / "references.csv"),
        folder / "pack",
    )
    # what the pack knows: a photo of its own, another view of its place, its place without a name, a copy
    (folder / "own.jpg").write_bytes((folder / "1-0.jpg").read_bytes())
    draw(folder / "view.jpg", 12.5, 7)
    Image.open(folder / "4-1.jpg").save(folder / "copy.jpg", quality=80)
    known = [
        ("own.jpg", 0.0, 0.0, ""),
        ("view.jpg", 12.5, 99.0, "p4"),
        ("view.jpg", references[6][1] + 0.0001, 10.0, ""),
        ("copy.jpg", -33.0, 151.0, "elsewhere"),
    ]
    write_table(folder / "known.csv", [*queries, *known])
    return World(folder)


@pytest.fixture(scope="module")
def fit(world: World) -> CalibrationFit:
    with open_pack(world.pack) as pack:
        return fit_calibration(
            world.held_out("queries.csv"),
            PARAMETERS,
            pack_id=pack.pack_id,
            source="queries.csv",
            made={"made_at": clock()},
        )


@pytest.fixture
def analyser(world: World, fit: CalibrationFit) -> Iterator[Analyser]:
    add_calibration(world.pack, fit.content)
    with Analyser(open_pack(world.pack), HistogramExtractor()) as opened:
        yield opened
    (world.pack / CALIBRATION_NAME).unlink()


def analyse(analyser: Analyser, path: Path, parameters: EstimationParameters = PARAMETERS) -> Analysis:
    (result,) = analyser.analyse_photos([path], parameters, clock=clock)
    assert isinstance(result, Analysis)
    return result


def test_what_the_pack_knows_is_left_out_and_counted(world: World) -> None:
    held_out = world.held_out("known.csv")
    assert len(held_out.queries) == 60
    assert held_out.left_out == {Known.PHOTO: 1, Known.PLACE: 2, Known.COPY: 1}


def test_the_packs_own_photos_serve_when_their_places_are_left_out_of_the_search(world: World) -> None:
    assert world.held_out("references.csv").left_out[Known.PHOTO] == 120
    held_out = world.held_out("references.csv", exclude_same="place")
    assert len(held_out.queries) == 120
    for query, found in zip(held_out.queries, held_out.neighbours, strict=True):
        assert query.place not in {item.reference.place for item in found.items}


def test_too_few_places_are_refused_with_the_reason(world: World) -> None:
    held_out = world.held_out("references.csv")
    with pytest.raises(SourceError, match="120: the very photo is in the pack"):
        fit_calibration(held_out, PARAMETERS, pack_id="x", source="y", made={})


def test_answers_with_the_same_parameters_are_calibrated(
    analyser: Analyser, world: World, fit: CalibrationFit
) -> None:
    analysis = analyse(analyser, world.folder / "0-0.jpg")
    method = fit.candidates[0].model.method
    assert {answer.calibration for answer in analysis.estimate.levels} == {
        Calibration(60, method, "queries.csv")
    }
    probabilities = [answer.probability for answer in analysis.estimate.levels]
    assert probabilities == sorted(probabilities)
    assert probabilities[0] >= 1 / 32
    assert probabilities[-1] <= 31 / 32
    assert analysis.provenance.calibration_sha256 is not None
    (raw,) = analyser.analyse_photos([world.folder / "0-0.jpg"], PARAMETERS, clock=clock, calibration=None)
    assert isinstance(raw, Analysis)
    assert raw.provenance.calibration_sha256 is None
    assert "calibration_sha256" not in raw.provenance.to_json()
    assert raw.analysis_id != analysis.analysis_id


def test_estimators_that_ask_the_classes_are_calibrated_as_they_answer(world: World) -> None:
    held_out = world.held_out("queries.csv")
    positions = np.array([[query.position.latitude, 10.0] for query in held_out.queries])
    partition = partition_earth(positions, PartitionRule(20))
    weights = np.random.default_rng(5).normal(size=(len(partition), held_out.vectors.shape[1]))
    head = ClassHead(
        partition.bounds, partition.counts, weights.astype(np.float32), np.zeros(len(partition), np.float32)
    )
    cells = partition.cells_of(positions)[:, None]
    heads = ClassHeads((head,), refine((partition.bounds,), cells))
    estimators: tuple[EstimatorName, ...] = ("classes", "fused")
    for estimator in estimators:
        parameters = replace(PARAMETERS, estimator=estimator)
        fit = fit_calibration(
            held_out, parameters, pack_id="0" * 64, source="queries.csv", made={}, heads=heads
        )
        estimates = [
            estimate_location(neighbours, parameters, vector=vector, heads=heads)
            for neighbours, vector in zip(held_out.neighbours, held_out.vectors, strict=True)
        ]
        for number, level in enumerate(fit.before):
            said = [estimate.levels[number].probability for estimate in estimates]
            assert level.mean_probability == pytest.approx(float(np.mean(said)))
        methods = [candidate.model.method for candidate in fit.candidates]
        assert ("temperature on the weights" in methods) == (estimator == "fused")


@pytest.mark.parametrize(
    "other",
    [
        EstimationParameters(neighbours=21),
        EstimationParameters(neighbours=20, exponent=9.0),
        EstimationParameters(neighbours=20, bandwidth_deg=5.0),
        EstimationParameters(neighbours=20, estimator="nearest"),
    ],
)
def test_answers_with_other_parameters_are_not_calibrated(
    analyser: Analyser, world: World, other: EstimationParameters
) -> None:
    analysis = analyse(analyser, world.folder / "0-0.jpg", other)
    assert not any(isinstance(answer.calibration, Calibration) for answer in analysis.estimate.levels)
    assert not isinstance(analysis.estimate.familiarity, Familiarity)


def test_an_answer_without_all_references_is_not_calibrated(analyser: Analyser, world: World) -> None:
    analysis = analyse(analyser, world.folder / "0-0.jpg")
    again = analyser.analyse_again(analysis, PARAMETERS, Exclusions(places=frozenset({"p1"})))
    assert again.provenance.calibration_sha256 is None
    assert not any(isinstance(answer.calibration, Calibration) for answer in again.estimate.levels)


def test_a_calibration_of_another_pack_does_not_hold(world: World, fit: CalibrationFit) -> None:
    add_calibration(world.pack, {**fit.content, "pack_id": "0" * 64})
    with Analyser(open_pack(world.pack), HistogramExtractor()) as analyser:
        assert analyse(analyser, world.folder / "0-0.jpg").provenance.calibration_sha256 is None
    (world.pack / CALIBRATION_NAME).unlink()


def test_an_earlier_calibration_can_be_used_again_by_its_hash(world: World, fit: CalibrationFit) -> None:
    path = world.folder / "0-0.jpg"
    first = add_calibration(world.pack, fit.content)
    second = add_calibration(world.pack, {**fit.content, "source": "others.csv"})
    with Analyser(open_pack(world.pack), HistogramExtractor()) as analyser:
        assert analyse(analyser, path).provenance.calibration_sha256 == second.sha256
        (again,) = analyser.analyse_photos([path], PARAMETERS, clock=clock, calibration=first.sha256)
        assert isinstance(again, Analysis)
        assert again.provenance.calibration_sha256 == first.sha256
        with pytest.raises(CalibrationError, match="no longer kept"):
            list(analyser.analyse_photos([path], PARAMETERS, clock=clock, calibration="f" * 64))
    (world.pack / CALIBRATION_NAME).unlink()


def test_a_photo_unlike_all_others_is_unfamiliar(analyser: Analyser, world: World) -> None:
    stripes = np.zeros((72, 96, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 255)
    Image.fromarray(stripes).save(world.folder / "stripes.png")
    strange = analyse(analyser, world.folder / "stripes.png").estimate.familiarity
    assert isinstance(strange, Familiarity)
    assert strange.is_unfamiliar
    assert strange.share_nearer == 1.0
    found = [
        analyse(analyser, world.folder / f"{number}-0.jpg").estimate.familiarity for number in range(0, 90, 3)
    ]
    warned = [isinstance(item, Familiarity) and item.is_unfamiliar for item in found]
    assert sum(warned) <= 4


def test_the_chosen_probabilities_are_nearer_to_what_happens_than_the_shares(fit: CalibrationFit) -> None:
    before = sum(level.expected_calibration_error for level in fit.before)
    after = sum(level.expected_calibration_error for level in fit.after)
    assert after < before
    assert fit.content["photos"] == 60
    assert isinstance(fit.content["measured"], dict)
    assert fit.content["measured"]["left_out"] == {"photo": 0, "place": 0, "copy": 0}
    assert next(iter(fit.lines())).startswith("sphere, 20 neighbours")


def test_a_pack_is_searched_the_same_whoever_asks(world: World, analyser: Analyser) -> None:
    held_out = world.held_out("queries.csv")
    pack: Pack = analyser.pack
    assert held_out.neighbours[0].pack_id == pack.pack_id
    analysis = analyse(analyser, held_out.queries[0].path)
    assert analysis.neighbours.items == held_out.neighbours[0].items
