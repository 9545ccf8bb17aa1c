"""Which rows a search may return, over several segments and with removed rows, against plain loops."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from geolocdesk.features.descriptor import Descriptor
from geolocdesk.reference.append import append_to_pack
from geolocdesk.reference.neighbours import Neighbours
from geolocdesk.reference.pack import Pack, open_pack
from geolocdesk.reference.removal import remove_from_pack
from geolocdesk.reference.row_selection import RowSelection
from geolocdesk.reference.search_area import SearchArea
from geolocdesk.reference.sources import open_source
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.photo_tables import write_photos
from tests.doubles.small_packs import build_small_pack, clock

SQUARE = SearchArea(
    "square", '{"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":'
    "[[[-3.05,0.95],[-0.95,0.95],[-0.95,3.05],[-3.05,3.05],[-3.05,0.95]]]}]}"
)  # fmt: skip


@pytest.fixture(scope="module")
def pack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three segments of 20, 10 and 10 photos on a diagonal, three of them removed; some say their country."""
    folder = tmp_path_factory.mktemp("conditions")
    first = write_photos(folder / "first", 20)
    build_small_pack(
        open_source(first),
        folder / "pack",
    )
    for start in (20, 30):
        table = write_photos(folder / f"{start}", 10, first=start)
        lines = table.read_text().splitlines()
        countries = ["country", *(["HR", "si", ""][n % 3].upper() for n in range(10))]
        table.write_text("\n".join(",".join(pair) for pair in zip(lines, countries, strict=True)))
        append_to_pack(folder / "pack", open_source(table), extractor=HistogramExtractor(), clock=clock)
    remove_from_pack(folder / "pack", ["id1", "id12", "id25"], source="", clock=clock)
    return folder / "pack"


@pytest.fixture
def pack(pack_folder: Path) -> Pack:
    return open_pack(pack_folder)


def query(pack: Pack, row: int) -> Descriptor:
    return Descriptor(pack.vectors(np.array([row]))[0], pack.manifest.extractor_id)


def rows_of(neighbours: Neighbours) -> list[int]:
    return [item.reference.row for item in neighbours.items]


def by_distance(pack: Pack, row: int, allowed: set[int]) -> list[int]:
    vectors = pack.vectors(np.arange(pack.rows)).astype(np.float64)
    distances = np.linalg.norm(vectors - vectors[row], axis=1)
    return sorted(allowed, key=lambda other: (distances[other], other))


def left(pack: Pack) -> set[int]:
    return set(range(pack.rows)) - {1, 12, 25}


def test_only_references_inside_the_area_are_found_and_all_of_them(pack: Pack) -> None:
    inside = {row for row in left(pack) if 1.0 <= row / 10 <= 3.0}
    among = RowSelection(pack).select(within=SQUARE)
    assert among.count == len(inside) == 19
    found = pack.search(query(pack, 35), 100, among=among)
    assert rows_of(found) == by_distance(pack, 35, inside)
    assert (found.wanted, found.eligible, found.shortfall) == (100, 19, 81)
    assert "only 19 of 100 neighbours" in found.limits_text()
    assert rows_of(pack.search(query(pack, 35), 7, among=among)) == by_distance(pack, 35, inside)[:7]


def test_ids_places_and_photographers_are_left_out(pack: Pack) -> None:
    among = RowSelection(pack).select(reference_ids=["id3"], places=["p2"], photographers=["ann0"])
    allowed = {row for row in left(pack) if row not in (3, 4, 5) and row % 3 != 0}
    found = pack.search(query(pack, 3), 100, among=among)
    assert rows_of(found) == by_distance(pack, 3, allowed)
    assert found.eligible == len(allowed)


def test_a_country_is_what_the_reference_says_or_where_it_lies(pack: Pack) -> None:
    said = {row for start in (20, 30) for row in range(start, start + 10) if (row - start) % 3 == 0}
    # the diagonal lies in the sea off Africa, so the positions of the silent ones are in no country
    among = RowSelection(pack).select(countries=["HR"])
    assert rows_of(pack.search(query(pack, 0), 100, among=among)) == by_distance(pack, 0, said - {25})
    both = RowSelection(pack).select(countries=["HR", "SI"], within=SQUARE)
    allowed = {row for row in left(pack) if 20 <= row <= 30 and (row % 10) % 3 < 2}
    assert rows_of(pack.search(query(pack, 0), 100, among=both)) == by_distance(pack, 0, allowed)


def test_positions_decide_where_no_country_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    table = write_photos(folder, 4)
    rows = [
        "file,latitude,longitude,id,country",
        "0.jpg,45.815,15.98,zagreb,",
        "1.jpg,46.05,14.5,ljubljana,",
        "2.jpg,45.81,15.97,said-otherwise,SI",
        "3.jpg,0,-30,at-sea,",
    ]
    table.write_text("\n".join(rows))
    build_small_pack(
        open_source(table),
        tmp_path / "pack",
    )
    with open_pack(tmp_path / "pack") as pack:
        for countries, ids in (
            (["HR"], ["zagreb"]),
            (["SI"], ["ljubljana", "said-otherwise"]),
            (["HR", "SI"], ["zagreb", "ljubljana", "said-otherwise"]),
        ):
            rows_left = RowSelection(pack).select(countries=countries)
            photos = pack.metadata.photos(np.setdiff1d(np.arange(4), rows_left.excluded()).tolist())
            assert [photo.reference_id for photo in photos] == ids


def test_an_area_is_worked_out_once(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    contains = SearchArea.contains

    def counted(area: SearchArea, positions: np.ndarray) -> np.ndarray:
        asked.append(len(positions))
        return contains(area, positions)

    monkeypatch.setattr(SearchArea, "contains", counted)
    selection = RowSelection(pack)
    for names in ([], ["id20"], ["id20", "id21"]):
        assert selection.select(within=SQUARE, reference_ids=names).count == 19 - len(names)
    assert asked == [20, 10, 10]


def test_copies_are_passed_over_and_counted_however_many_there_are(pack_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    table = write_photos(folder, 1, first=900)
    lines = table.read_text().splitlines()
    for number in range(30):
        shutil.copy(folder / "900.jpg", folder / f"copy{number}.jpg")
        lines.append(f"copy{number}.jpg,5,5,copy{number},,,")
    table.write_text("\n".join(lines))
    grown = Path(shutil.copytree(pack_folder, tmp_path / "pack"))
    append_to_pack(grown, open_source(table), extractor=HistogramExtractor(), clock=clock)
    with open_pack(grown) as pack:
        photo = query(pack, pack.rows - 1)
        plain = pack.search(photo, 10)
        assert {round(item.distance, 6) for item in plain.items} == {0.0}
        found = pack.search(photo, 10, beyond=pack.copy_distance())
        assert rows_of(found) == by_distance(pack, pack.rows - 1, left(pack) - set(range(40, 71)))[:10]
        assert (found.copies, found.eligible, found.shortfall) == (31, 37, 0)
        everything = pack.search(photo, 100, beyond=pack.copy_distance())
        assert (len(everything.items), everything.shortfall) == (37, 63)
        assert "31\N{NO-BREAK SPACE}copies of the photo itself passed over" in everything.limits_text()


def test_more_excluded_rows_join_those_of_the_set(pack: Pack) -> None:
    among = RowSelection(pack).select(within=SQUARE)
    fewer = among.without(np.array([35, 15, 12, 15]))
    assert fewer.count == 18
    assert fewer.excluded().tolist() == sorted({*among.excluded().tolist(), 15})
    assert fewer.holds(np.array([14, 15, 12, 35])).tolist() == [True, False, False, False]
