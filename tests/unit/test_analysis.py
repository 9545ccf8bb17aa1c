"""The pipeline for one photo, with an extractor that needs no network."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geolocdesk.analysis import NO_EXCLUSIONS, Analyser, Analysis, AnalysisFailure, Exclusions
from geolocdesk.errors import PackError
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.geodesy import great_circle_km
from geolocdesk.progress import Progress
from geolocdesk.provenance import sha256_of_bytes
from geolocdesk.reference.pack import open_pack
from geolocdesk.reference.search_area import SearchArea
from geolocdesk.reference.sources import open_source
from geolocdesk.unavailable import Unavailable
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.small_packs import build_small_pack, clock

PHOTOS = 150
PARAMETERS = EstimationParameters()


def save_photo(path: Path, number: int, exif: Image.Exif | None = None) -> None:
    coarse = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((96, 72), Image.Resampling.BILINEAR)
    if exif is None:
        image.save(path, quality=92)
    else:
        image.save(path, quality=92, exif=exif)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("analysis")
    rows = ["file,latitude,longitude,id,place,photographer"]
    for number in range(PHOTOS):
        save_photo(folder / f"{number}.jpg", number)
        rows.append(f"{number}.jpg,{number / 3},{number},id{number},p{number // 3},ann{number % 5}")
    (folder / "photos.csv").write_text("\n".join(rows))
    build_small_pack(
        open_source(folder / "photos.csv"),
        folder / "pack",
    )
    gps = Image.Exif()
    gps.get_ifd(0x8825).update({1: "N", 2: (1.0, 0.0, 0.0), 3: "E", 4: (3.0, 0.0, 0.0)})
    save_photo(folder / "query.jpg", 7, gps)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and nothing more")
    return folder


@pytest.fixture
def analyser(folder: Path) -> Iterator[Analyser]:
    with Analyser(open_pack(folder / "pack"), HistogramExtractor()) as opened:
        yield opened


def analyse(analyser: Analyser, path: Path, parameters: EstimationParameters = PARAMETERS) -> Analysis:
    (result,) = analyser.analyse_photos([path], parameters, clock=clock)
    assert isinstance(result, Analysis)
    return result


def test_a_photo_is_answered_by_its_neighbours(analyser: Analyser, folder: Path) -> None:
    analysis = analyse(analyser, folder / "query.jpg")
    assert analysis.evidence.sha256 == sha256_of_bytes((folder / "query.jpg").read_bytes())
    assert len(analysis.neighbours.items) == 100
    assert analysis.neighbours.items[0].reference.reference_id == "id7"
    lead = analysis.estimate.position
    assert float(great_circle_km(lead.latitude, lead.longitude, 7 / 3, 7.0)) < 1.0


def test_the_files_own_position_is_compared_and_never_used(analyser: Analyser, folder: Path) -> None:
    with_gps = analyse(analyser, folder / "query.jpg")
    without = analyse(analyser, folder / "7.jpg")
    assert isinstance(with_gps.exif_distance_km, float)
    lead = with_gps.estimate.position
    wanted = float(great_circle_km(lead.latitude, lead.longitude, 1.0, 3.0))
    assert with_gps.exif_distance_km == pytest.approx(wanted)
    assert without.exif_distance_km is Unavailable.NOT_AVAILABLE
    assert without.estimate.position == with_gps.estimate.position


def test_the_same_photo_again_is_the_same_analysis(analyser: Analyser, folder: Path) -> None:
    first, second = (analyse(analyser, folder / "query.jpg") for _ in range(2))
    assert first.analysis_id == second.analysis_id
    assert first.descriptor.vector.tobytes() == second.descriptor.vector.tobytes()
    assert first.estimate.position == second.estimate.position


def test_every_parameter_enters_the_analysis_id(analyser: Analyser, folder: Path) -> None:
    first = analyse(analyser, folder / "query.jpg")
    changed = [
        EstimationParameters(neighbours=50),
        EstimationParameters(exponent=9.0),
        EstimationParameters(bandwidth_deg=3.0),
        EstimationParameters(estimator="nearest"),
    ]
    ids = {analyser.analyse_again(first, parameters, NO_EXCLUSIONS).analysis_id for parameters in changed}
    exclusions = [
        Exclusions(reference_ids=frozenset({"id7"})),
        Exclusions(places=frozenset({"p2"})),
        Exclusions(photographers=frozenset({"ann2"})),
    ]
    ids |= {analyser.analyse_again(first, PARAMETERS, choice).analysis_id for choice in exclusions}
    assert len(ids | {first.analysis_id}) == 8


def test_analysing_again_runs_no_network(analyser: Analyser, folder: Path) -> None:
    first = analyse(analyser, folder / "query.jpg")
    extractor = analyser.extractor
    assert isinstance(extractor, HistogramExtractor)
    described = extractor.described
    again = analyser.analyse_again(first, EstimationParameters(bandwidth_deg=1.0), NO_EXCLUSIONS)
    assert extractor.described == described
    assert again.descriptor is first.descriptor
    assert analyser.analyse_again(again, PARAMETERS, NO_EXCLUSIONS).analysis_id == first.analysis_id


def test_an_excluded_neighbour_is_replaced_by_the_next(analyser: Analyser, folder: Path) -> None:
    first = analyse(analyser, folder / "query.jpg")
    again = analyser.analyse_again(first, PARAMETERS, Exclusions(reference_ids=frozenset({"id7"})))
    assert len(again.neighbours.items) == 100
    found = [item.reference.reference_id for item in again.neighbours.items]
    assert "id7" not in found
    assert found[:99] == [item.reference.reference_id for item in first.neighbours.items[1:]]


def test_excluding_a_place_or_a_photographer_excludes_all_of_theirs(analyser: Analyser, folder: Path) -> None:
    first = analyse(analyser, folder / "query.jpg")
    choice = Exclusions(places=frozenset({"p2"}), photographers=frozenset({"ann0", "ann1"}))
    references = [
        item.reference for item in analyser.analyse_again(first, PARAMETERS, choice).neighbours.items
    ]
    assert {reference.place for reference in references}.isdisjoint({"p2"})
    assert {reference.photographer for reference in references} == {"ann2", "ann3", "ann4"}


def test_a_search_area_keeps_the_answer_inside(analyser: Analyser, folder: Path) -> None:
    first = analyse(analyser, folder / "query.jpg")
    area = SearchArea(
        "east",
        '{"geometries":[{"coordinates":[[[100,-90],[180,-90],[180,90],[100,90],[100,-90]]],"type":"Polygon"}],'
        '"type":"GeometryCollection"}',
    )
    again = analyser.analyse_again(first, PARAMETERS, Exclusions(within=area))
    assert len(again.neighbours.items) == 50
    assert all(item.reference.position.longitude >= 100 for item in again.neighbours.items)
    exclusions = again.provenance.parameters["exclusions"]
    assert isinstance(exclusions, dict)
    assert exclusions["within"] == {"name": "east", "sha256": area.sha256}


def test_nothing_left_to_search_is_said(analyser: Analyser, folder: Path) -> None:
    first = analyse(analyser, folder / "query.jpg")
    everybody = Exclusions(photographers=frozenset({f"ann{number}" for number in range(5)}))
    with pytest.raises(PackError, match="exclude fewer"):
        analyser.analyse_again(first, PARAMETERS, everybody)


def test_a_bad_photo_does_not_end_the_batch(analyser: Analyser, folder: Path) -> None:
    paths = [folder / "query.jpg", folder / "broken.jpg", folder / "absent.jpg", folder / "3.jpg"]
    seen: list[Progress] = []
    results = list(analyser.analyse_photos(paths, PARAMETERS, clock=clock, progress=seen.append))
    assert [type(result) for result in results] == [Analysis, AnalysisFailure, AnalysisFailure, Analysis]
    failures = [result for result in results if isinstance(result, AnalysisFailure)]
    assert [failure.kind for failure in failures] == ["damaged", "not_found"]
    assert [failure.path for failure in failures] == paths[1:3]
    assert (seen[-1].done, seen[-1].total) == (4, 4)


def test_a_stopped_batch_keeps_what_it_finished(analyser: Analyser, folder: Path) -> None:
    results = analyser.analyse_photos(
        [folder / f"{number}.jpg" for number in range(50)], PARAMETERS, clock=clock
    )
    kept = [next(results) for _ in range(3)]
    results.close()  # type: ignore[attr-defined]
    assert [type(result) for result in kept] == [Analysis] * 3
    assert analyse(analyser, folder / "4.jpg").neighbours.items[0].reference.reference_id == "id4"


def test_thumbnails_come_on_request_and_change_nothing(analyser: Analyser, folder: Path) -> None:
    (with_thumbnail,) = analyser.analyse_photos(
        [folder / "query.jpg"], PARAMETERS, clock=clock, thumbnails=True
    )
    assert isinstance(with_thumbnail, Analysis)
    assert with_thumbnail.thumbnail is not None
    assert with_thumbnail.thumbnail.startswith(b"\xff\xd8")
    plain = analyse(analyser, folder / "query.jpg")
    assert plain.thumbnail is None
    assert plain.analysis_id == with_thumbnail.analysis_id


def test_another_extractor_than_the_packs_is_refused(folder: Path) -> None:
    with open_pack(folder / "pack") as pack, pytest.raises(PackError, match="leave out --model"):
        Analyser(pack, HistogramExtractor(name="other"))


def test_a_photos_own_copies_are_left_out_on_request(analyser: Analyser, folder: Path) -> None:
    plain = analyse(analyser, folder / "7.jpg")
    exclusions = Exclusions(own_copies=True)
    without = analyser.analyse_again(plain, PARAMETERS, exclusions)
    before = [item.reference.reference_id for item in plain.neighbours.items]
    after = [item.reference.reference_id for item in without.neighbours.items]
    assert before[0] == "id7"
    assert after[:-1] == before[1:]
    assert without.neighbours.copies == 1
    assert without.analysis_id != plain.analysis_id
    stated = without.provenance.parameters["exclusions"]
    assert isinstance(stated, dict)
    assert stated["own_copies"] is True


def test_a_search_in_a_country_says_so_in_its_provenance(analyser: Analyser, folder: Path) -> None:
    plain = analyse(analyser, folder / "7.jpg")
    in_south_sudan = analyser.analyse_again(plain, PARAMETERS, Exclusions(countries=frozenset({"SS"})))
    for item in in_south_sudan.neighbours.items:
        assert 24.0 <= item.reference.position.longitude <= 36.0
    stated = in_south_sudan.provenance.parameters["exclusions"]
    assert isinstance(stated, dict)
    assert stated["countries"] == ["SS"]
    assert len(str(stated["country_outlines_sha256"])) == 64
    assert in_south_sudan.neighbours.eligible == len(in_south_sudan.neighbours.items)
    assert 0 < len(in_south_sudan.neighbours.items) < 100
    with pytest.raises(PackError, match="is left"):
        analyser.analyse_again(plain, PARAMETERS, Exclusions(countries=frozenset({"HR"})))


def test_what_earlier_versions_knew_keeps_its_spelling() -> None:
    assert NO_EXCLUSIONS.to_json() == {"within": None, "reference_ids": [], "places": [], "photographers": []}


def test_exclusions_are_added_and_taken_back() -> None:
    some = Exclusions(frozenset({"a"}), places=frozenset({"p"}), own_copies=True)
    more = Exclusions(frozenset({"b"}), countries=frozenset({"HR"}))
    both = some | more
    assert both == Exclusions(
        frozenset({"a", "b"}), frozenset({"p"}), frozenset(), None, frozenset({"HR"}), own_copies=True
    )
    assert both - more == some
    assert both - both == NO_EXCLUSIONS
