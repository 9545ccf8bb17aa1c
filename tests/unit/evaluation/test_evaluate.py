"""Several packs, tables and models measured on one set of queries, and how that is written down."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geolocdesk.errors import UsageError
from geolocdesk.evaluation import workbench
from geolocdesk.evaluation.continents import by_continent, continent_of
from geolocdesk.evaluation.evaluate import Evaluation, combine, evaluate_system
from geolocdesk.evaluation.methods import NAMES
from geolocdesk.evaluation.plots import method_colours, write_accuracy_plot, write_curve_plot
from geolocdesk.evaluation.results import (
    PREDICTION_COLUMNS,
    continent_lines,
    text_lines,
    write_predictions,
    write_table,
)
from geolocdesk.evaluation.test_set import Query, read_test_set
from geolocdesk.evaluation.workbench import Workbench
from geolocdesk.features.embedding import Embedding, EmbeddingPart, Layer
from geolocdesk.features.extractor import Extractor, ProjectedExtractor
from geolocdesk.features.model_pack import DEFAULT_MODEL, ModelRecord, find_model
from geolocdesk.features.model_record import ModelProjection
from geolocdesk.features.projection import Projection
from geolocdesk.geodesy import Position
from geolocdesk.reference.opening import OpenedModel
from geolocdesk.reference.sources import open_source
from geolocdesk.reference.sources.selection import Selection
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.small_packs import build_small_pack, clock

NOTHING = Selection()
METHODS = ("london", "constant", "random", "nearest", "knn-4", "levels", "classes")


References = Sequence[tuple[Path, list[str]]]


class CountingExtractor(HistogramExtractor):
    described = 0

    def describe(self, pictures: np.ndarray) -> np.ndarray:
        CountingExtractor.described += len(pictures)
        return super().describe(pictures)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    rows = ["file,latitude,longitude,place,photographer,country,split"]
    random = np.random.default_rng(1)
    for number in range(60):
        latitude = round(-60 + number * 2.0, 3)
        for view in range(2):
            colours = random.normal(128 + latitude, 25, (6, 6, 3)).clip(0, 255).astype(np.uint8)
            name = f"{number}-{view}.jpg"
            Image.fromarray(colours).resize((96, 72), Image.Resampling.BILINEAR).save(folder / name)
            country = "DE" if latitude > 0 else "BR"
            rows.append(f"{name},{latitude},10.0,p{number},ann{number % 7},{country},{'ab'[view]}")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and nothing more")
    rows.append("broken.jpg,0,0,p99,ann,DE,broken")
    (folder / "photos.csv").write_text("\n".join(rows))
    for name, where in (("first", ["split=a"]), ("second", ["split=a", "country=DE"])):
        build_small_pack(
            open_source(folder / "photos.csv", "csv", Selection.parse(where)),
            folder / name,
        )
    return folder


@pytest.fixture(scope="module", autouse=True)
def histograms() -> Iterator[None]:
    """Let every model be the one that needs no network."""

    def opened(record: ModelRecord, projection: Projection | None, *, device: str = "auto") -> Extractor:
        return CountingExtractor()

    def for_building(model: str | None, *, device: str = "auto") -> OpenedModel:
        return OpenedModel(find_model(DEFAULT_MODEL), CountingExtractor(), None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbench, "extractor_from_record", opened)
        patch.setattr(workbench, "open_for_building", for_building)
        yield


def measure(
    folder: Path,
    references: References,
    *,
    where: list[str],
    exclude_same: str | None = None,
    versus: str | None = None,
) -> Evaluation:
    CountingExtractor.described = 0
    queries = read_test_set(folder / "photos.csv", Selection.parse(where), exclude_same)
    with Workbench(queries, METHODS, seed=1, clock=clock) as bench:
        found = [
            evaluate_system(described, system, exclude_same=exclude_same, seed=1)
            for path, conditions in references
            for described, system in bench.systems(path, Selection.parse(conditions), [])
        ]
    return combine(found, versus=versus, seed=1)


@pytest.fixture(scope="module")
def evaluation(folder: Path) -> Evaluation:
    return two_packs(folder)


def two_packs(folder: Path) -> Evaluation:
    references: References = [(folder / "first", []), (folder / "second", [])]
    return measure(folder, references, where=["split=b,broken"], versus="nearest")


def test_queries_are_described_once_for_all_packs_of_a_model(folder: Path) -> None:
    evaluation = two_packs(folder)
    assert CountingExtractor.described == 60
    assert [system.name for system in evaluation.systems] == ["first", "second"]
    assert [failure.kind for failure in evaluation.failures] == ["damaged"]
    assert {result.accuracy.queries for result in evaluation.results} == {60}
    assert [result.method for result in evaluation.results] == [*METHODS[:-1]] * 2


def test_a_photo_that_is_query_and_reference_is_described_once(folder: Path) -> None:
    table = folder / "photos.csv"
    found = measure(
        folder, [(table, ["split=a,b"]), (table, ["split=b"])], where=["split=b"], exclude_same="place"
    )
    assert CountingExtractor.described == 120
    assert [system.name for system in found.systems] == ["photos (split=a,b)", "photos (split=b)"]
    assert [system.references for system in found.systems] == [120, 60]


def test_models_that_share_a_network_describe_each_photo_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def for_building(model: str | None, *, device: str = "auto") -> OpenedModel:
        random = np.random.default_rng(len(str(model)))
        matrix = random.normal(size=(CountingExtractor().dimension, 8)).astype(np.float32)
        embedding = Embedding((EmbeddingPart((Layer(matrix, np.zeros(8, np.float32)),)),), photos=9)
        embedding.save(tmp_path / f"{model}.safetensors")
        projection = ModelProjection(str(tmp_path / f"{model}.safetensors"), embedding.sha256, 8)
        record = replace(find_model(DEFAULT_MODEL), projection=projection)
        return OpenedModel(record, ProjectedExtractor(CountingExtractor(), embedding), None)

    monkeypatch.setattr(workbench, "open_for_building", for_building)
    queries = read_test_set(folder / "photos.csv", Selection.parse(["split=b"]))
    CountingExtractor.described = 0
    with Workbench(queries, ("nearest",), seed=1, clock=clock) as bench:
        systems = [
            (system.pack.manifest.extractor_id, system.vectors)
            for _, system in bench.systems(
                folder / "photos.csv", Selection.parse(["split=a"]), ["one", "three"]
            )
        ]
    assert CountingExtractor.described == 120
    assert systems[0][0] != systems[1][0]
    assert not np.allclose(systems[0][1], systems[1][1])


def test_the_same_photographers_references_are_left_out(folder: Path) -> None:
    references: References = [(folder / "first", [])]
    everyone = measure(folder, references, where=["split=b"])
    others = measure(folder, references, where=["split=b"], exclude_same="photographer")
    nearest = [next(r for r in found.results if r.method == "nearest") for found in (everyone, others)]
    for number, query in enumerate(nearest[1].queries):
        answer = nearest[1].positions[number][0]
        assert round((answer.latitude + 60) / 2) % 7 != int(query.excluded_value[3:])
    assert nearest[0].accuracy.accuracy_percent[1] > nearest[1].accuracy.accuracy_percent[1] == 0.0


def test_differences_are_those_of_the_accuracies(evaluation: Evaluation) -> None:
    by_label = {result.label: result.accuracy for result in evaluation.results}
    assert len(evaluation.differences) == 2 * (len(METHODS) - 2)
    for difference in evaluation.differences:
        gained = np.subtract(
            by_label[difference.result].accuracy_percent, by_label[difference.versus].accuracy_percent
        )
        np.testing.assert_allclose(difference.points, gained, atol=1e-9)


def test_one_result_may_be_the_measure_of_all(evaluation: Evaluation) -> None:
    found = combine([evaluation], versus="first · nearest")
    assert {difference.versus for difference in found.differences} == {"first · nearest"}
    assert len(found.differences) == len(found.results) - 1
    with pytest.raises(UsageError, match="first · nearest"):
        combine([evaluation], versus="magic")


def test_the_same_seed_gives_the_same_document(evaluation: Evaluation, folder: Path) -> None:
    again = two_packs(folder)
    assert json.dumps(again.to_json()) == json.dumps(evaluation.to_json())


def test_a_table_sets_what_was_published_apart(evaluation: Evaluation, tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", evaluation)
    with (tmp_path / "t.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    measured = [row for row in rows if row["source"] == "measured"]
    assert [(row["system"], row["method"]) for row in measured] == [
        (result.system, result.method) for result in evaluation.results
    ]
    for row, result in zip(measured, evaluation.results, strict=True):
        assert float(row["750_km_percent"]) == pytest.approx(result.accuracy.accuracy_percent[3], abs=0.01)
    published = [row for row in rows if row["source"] == "published"]
    paper = [row for row in published if row["method"] == "[L] kNN, σ = 4" and "28" in row["references"]]
    assert [row["1_km_percent"] for row in paper] == ["14.4", "7.2"]
    for name in ("t.md", "t.txt"):
        write_table(tmp_path / name, evaluation)
        text = (tmp_path / name).read_text()
        assert "ublished: Im2GPS test set, 237 photos" in text
        assert "second" in text


def test_a_table_of_another_kind_is_refused(evaluation: Evaluation, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.csv, \.md, \.txt"):
        write_table(tmp_path / "t.xlsx", evaluation)


def test_predictions_repeat_every_answer_with_its_error(evaluation: Evaluation, tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.csv", evaluation)
    with (tmp_path / "p.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == PREDICTION_COLUMNS
    nearest = [row for row in rows if row["method"] == "nearest" and row["system"] == "first"]
    assert len(nearest) == 60
    right = 100 * np.mean([float(row["error_km"]) <= 750 for row in nearest])
    result = next(found for found in evaluation.results if found.label == "first · nearest")
    assert right == pytest.approx(result.accuracy.accuracy_percent[3])
    levels = [row for row in rows if row["method"] == "levels" and row["system"] == "first"]
    assert len(levels) == 300
    assert all(0.0 <= float(row["probability"]) <= 1.0 for row in levels)
    assert {row["calibrated"] for row in levels} == {"no"}


def test_continents_are_those_of_the_table_and_add_up(evaluation: Evaluation) -> None:
    found = by_continent(evaluation, lambda _position: "")
    assert {item.continent for item in found} == {"Europe", "South America"}
    for result in evaluation.results:
        own = [i for i in found if i.system == result.system and i.accuracy.method == result.method]
        assert sum(item.accuracy.queries for item in own) == 60
        right = sum(item.accuracy.queries * item.accuracy.accuracy_percent[4] for item in own) / 60
        assert right == pytest.approx(result.accuracy.accuracy_percent[4])
    assert any(line.startswith("Europe") for line in continent_lines(found))


@pytest.mark.parametrize(
    ("country", "located", "continent"),
    [("hr", "", "Europe"), ("", "NZ", "Oceania"), ("", "", "elsewhere"), ("", "AQ", "Antarctica")],
)
def test_a_country_tells_the_continent(country: str, located: str, continent: str) -> None:
    query = Query(Path("x.jpg"), "x.jpg", Position(0.0, 0.0), "x", country=country.upper())
    assert continent_of(query, lambda _position: located) == continent


def test_a_reader_gets_every_system_and_its_probabilities(evaluation: Evaluation) -> None:
    text = "\n".join(text_lines(evaluation))
    assert "first: 60 references" in text
    assert "shares of the evidence (not calibrated)" in text
    assert "first · levels − first · nearest" in text


def test_no_two_methods_of_a_trained_model_share_a_colour() -> None:
    heads = [f"classes-{cells}" for cells in (2657, 26, 62, 849, 143)]
    colours = method_colours([*NAMES, *heads])
    assert len(set(colours.values())) == len(NAMES) + 5
    darkness = [sum(bytes.fromhex(colours[f"classes-{cells}"][1:])) for cells in (26, 62, 143, 849, 2657)]
    assert darkness == sorted(darkness, reverse=True)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_charts_are_written_in_the_format_of_their_name(
    evaluation: Evaluation, tmp_path: Path, suffix: str
) -> None:
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    for write in (write_accuracy_plot, write_curve_plot):
        write(tmp_path / f"chart.{suffix}", evaluation)
        assert (tmp_path / f"chart.{suffix}").read_bytes().startswith(begins)
    with pytest.raises(UsageError, match=r"\.png"):
        write_accuracy_plot(tmp_path / "chart.bmp", evaluation)
