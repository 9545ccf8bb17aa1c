"""Joining packs of one extractor."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from geolocdesk.errors import PackError
from geolocdesk.features.projection import fit_projection
from geolocdesk.progress import Cancelled, Progress
from geolocdesk.reference import merging as merging_module
from geolocdesk.reference.build import BuildOptions
from geolocdesk.reference.culling import CullingOptions
from geolocdesk.reference.manifest import MANIFEST_NAME
from geolocdesk.reference.merging import MergeOptions, MergeResult, merge_packs
from geolocdesk.reference.pack import open_pack, verify_pack
from geolocdesk.reference.removal import remove_from_pack
from geolocdesk.reference.sources import open_source
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.photo_tables import write_photos
from tests.doubles.small_packs import NOW, build_small_pack, clock


def build(
    table: Path,
    out: Path,
    *,
    extractor: HistogramExtractor | None = None,
    culling: CullingOptions | None = None,
) -> Path:
    build_small_pack(
        open_source(table),
        out,
        extractor=extractor,
        options=BuildOptions(culling=culling or CullingOptions()),
    )
    return out


def merge(packs: Sequence[Path], out: Path, options: MergeOptions | None = None) -> MergeResult:
    return merge_packs(packs, out, clock=clock, options=options)


def ids_in(pack: Path) -> list[str]:
    with open_pack(pack) as opened:
        return [photo.reference_id for photo in opened.metadata.all_photos()]


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three packs: 0–9; 8–17, two of which the first has as well; and other photos under the ids 16–19."""
    folder = tmp_path_factory.mktemp("packs")
    first = write_photos(folder / "a", 10, "absent.jpg,1,2,gone,,,\n")
    second = write_photos(folder / "b", 10, first=8)
    third = write_photos(folder / "c", 4, first=100)
    text = third.read_text()
    for number in range(4):
        text = text.replace(f"id{100 + number}", f"id{16 + number}")
    third.write_text(text)
    return [build(table, folder / f"pack-{table.parent.name}") for table in (first, second, third)]


def test_every_photo_is_taken_once_and_every_id_is_one_photo(packs: list[Path], tmp_path: Path) -> None:
    result = merge(packs, tmp_path / "all")
    assert (result.references, result.same_photos, result.renamed) == (22, 2, 2)
    assert ids_in(tmp_path / "all") == [
        *(f"id{number}" for number in range(18)),
        "id16~2",
        "id17~2",
        "id18",
        "id19",
    ]
    assert [tuple(line.values()) for line in lines_of(tmp_path / "all" / "renamed.csv")] == [
        ("id16", "id16~2"),
        ("id17", "id17~2"),
    ]
    assert {check.state for check in verify_pack(tmp_path / "all", verified_at=NOW)} == {"intact"}
    value = json.loads((tmp_path / "all" / MANIFEST_NAME).read_bytes())
    assert value["counts"] == {"references": 22, "rejected": 1, "thumbnails": 22}
    assert value["licences"] == {"CC0": 22}
    assert [pack["references"] for pack in value["source"]["packs"]] == [10, 10, 4]
    assert [line["file"] for line in lines_of(tmp_path / "all" / "rejected.csv")] == ["absent.jpg"]


def test_what_is_joined_answers_as_its_parts_do(packs: list[Path], tmp_path: Path) -> None:
    merge(packs, tmp_path / "all")
    with open_pack(tmp_path / "all") as whole, open_pack(packs[2]) as part:
        vectors, parts_vectors = whole.vectors(np.arange(22)), part.vectors(np.arange(4))
        np.testing.assert_array_equal(vectors[18:], parts_vectors)
        positions = [photo.position for photo in whole.metadata.all_photos()]
        np.testing.assert_array_equal(whole.positions(), [(p.latitude, p.longitude) for p in positions])
        assert whole.thumbnail(20) == part.thumbnail(2)
        rows, distances = whole.nearest(parts_vectors[1], 3)
        assert (rows[0], distances[0]) == (19, 0.0)


def test_a_pack_built_at_once_and_one_merged_hold_the_same(tmp_path: Path) -> None:
    tables = [write_photos(tmp_path / f"{first}", 6, first=first) for first in (0, 6)]
    whole = build(write_photos(tmp_path / "whole", 12), tmp_path / "at-once")
    merge([build(table, tmp_path / f"pack-{table.parent.name}") for table in tables], tmp_path / "merged")
    with open_pack(whole) as one, open_pack(tmp_path / "merged") as other:
        assert list(one.metadata.all_photos()) == list(other.metadata.all_photos())
        assert one.manifest.copy_distance == other.manifest.copy_distance
        assert one.manifest.segments[0].index == other.manifest.segments[0].index
    for name in ("index.faiss", "positions.npy", "duplicates.csv"):
        assert (whole / name).read_bytes() == (tmp_path / "merged" / name).read_bytes()


def test_what_was_removed_stays_out(packs: list[Path], tmp_path: Path) -> None:
    import shutil

    fewer = Path(shutil.copytree(packs[0], tmp_path / "fewer"))
    remove_from_pack(fewer, ["id0", "id8"], source="ids.txt", clock=clock)
    result = merge([fewer, packs[1]], tmp_path / "all")
    assert (result.references, result.same_photos) == (17, 1)
    assert ids_in(tmp_path / "all") == [
        f"id{number}" for number in (*range(1, 8), *range(9, 10), 8, *range(10, 18))
    ]


def test_copies_between_packs_are_found_and_dropped_on_request(packs: list[Path], tmp_path: Path) -> None:
    from tests.doubles.photo_tables import picture

    folder = tmp_path / "copies"
    table = write_photos(folder, 1, "copy.jpg,1,1,copy,,,\n", first=200)
    picture(3).resize((70, 56)).save(folder / "copy.jpg", quality=60)
    copies = build(table, tmp_path / "pack-copies")
    kept = merge([packs[0], copies], tmp_path / "kept")
    assert (kept.references, kept.duplicates, kept.left_out) == (12, 1, 0)
    options = MergeOptions(culling=CullingOptions(duplicates="drop", max_per_photographer=2))
    dropped = merge([packs[0], copies], tmp_path / "dropped", options)
    assert (dropped.duplicates, dropped.references) == (1, 6)
    (line,) = lines_of(tmp_path / "dropped" / "duplicates.csv")
    assert (line["reference_id"], line["duplicate_of"], line["left_out"]) == ("copy", "id3", "yes")
    with open_pack(tmp_path / "dropped") as pack:
        assert pack.manifest.thumbnails == 6
        assert [photo.row for photo in pack.metadata.all_photos()] == list(range(6))


def test_packs_of_different_extractors_are_refused_with_what_differs(
    packs: list[Path], tmp_path: Path
) -> None:
    table = packs[0].parent / "a" / "photos.csv"
    other = build(table, tmp_path / "other", extractor=HistogramExtractor(name="other"))
    with pytest.raises(PackError, match=r"cannot be joined, because they differ in the model's name \("):
        merge([packs[0], other], tmp_path / "all")
    raw = np.random.default_rng(1).normal(size=(200, 80)).astype(np.float32)
    projection = fit_projection(raw, dimension=8)
    projected = tmp_path / "projected"
    build_small_pack(
        open_source(table),
        projected,
        extractor=HistogramExtractor(takes_projection=True),
        projection=projection,
    )
    with pytest.raises(PackError, match=r"differ in the projection \("):
        merge([packs[0], projected], tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_a_merge_that_was_stopped_leaves_nothing_and_can_be_repeated(
    packs: list[Path], tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        if progress.task == "Indexing":
            raise Cancelled

    with pytest.raises(Cancelled):
        merge_packs(packs, tmp_path / "all", clock=clock, progress=stop)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / f"all{merging_module._MERGING_SUFFIX}").mkdir()
    (tmp_path / f"all{merging_module._MERGING_SUFFIX}" / "vectors.f32").write_bytes(b"left by a kill")
    assert merge(packs, tmp_path / "all").references == 22
    assert [path.name for path in tmp_path.iterdir()] == ["all"]
    with pytest.raises(PackError, match="already"):
        merge(packs, tmp_path / "all")
