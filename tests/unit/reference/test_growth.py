"""Packs that grow and shrink without being built again."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geolocdesk.errors import PackError, SourceError
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.progress import Cancelled, Progress
from geolocdesk.reference import append as append_module
from geolocdesk.reference.append import AppendOptions, AppendResult, append_to_pack
from geolocdesk.reference.build import BuildOptions
from geolocdesk.reference.changing import APPEND_NAME, changing
from geolocdesk.reference.compaction import MOST_SEGMENTS, compact_pack, first_to_join
from geolocdesk.reference.culling import CullingOptions
from geolocdesk.reference.manifest import MANIFEST_NAME
from geolocdesk.reference.pack import open_pack, verify_pack
from geolocdesk.reference.removal import remove_from_pack
from geolocdesk.reference.sources import open_source
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.photo_tables import picture, write_photos
from tests.doubles.small_packs import NOW, build_small_pack, clock

EARLIER = 30


def build(table: Path, out: Path, culling: CullingOptions | None = None) -> Path:
    build_small_pack(
        open_source(table),
        out,
        options=BuildOptions(culling=culling or CullingOptions()),
    )
    return out


def append(
    pack: Path,
    table: Path,
    *,
    extractor: HistogramExtractor | None = None,
    culling: CullingOptions | None = None,
    resume: bool = False,
    progress: "StopAt | None" = None,
) -> AppendResult:
    return append_to_pack(
        pack,
        open_source(table),
        extractor=extractor or HistogramExtractor(),
        clock=clock,
        options=AppendOptions(resume=resume, culling=culling or CullingOptions()),
        progress=progress or (lambda _progress: None),
    )


def descriptor_of(path: Path) -> Descriptor:
    from geolocdesk.evidence.rendition import render

    extractor = HistogramExtractor()
    with Image.open(path) as image:
        rendered = render(image.convert("RGB"), extractor.rendition)
    return Descriptor(extractor.describe(rendered[np.newaxis])[0], extractor.identity.extractor_id)


def ids_in(pack: Path) -> list[str]:
    with open_pack(pack) as opened:
        return [photo.reference_id for photo in opened.metadata.all_photos()]


def is_intact(pack: Path) -> bool:
    open_pack(pack).close()
    return {check.state for check in verify_pack(pack, verified_at=NOW)} == {"intact"}


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


class StopAt:
    """Cancels when a task begins, or goes beyond so many."""

    def __init__(self, task: str, done: int = 0) -> None:
        self._task = task
        self._done = done

    def __call__(self, progress: Progress) -> None:
        if progress.task == self._task and progress.done >= self._done:
            raise Cancelled


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder / "first", EARLIER)
    write_photos(folder / "more", 12, "absent.jpg,1,2,gone,,,\n", first=EARLIER)
    return folder


@pytest.fixture(scope="module")
def built(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(photos / "first" / "photos.csv", tmp_path_factory.mktemp("built") / "pack")


@pytest.fixture
def pack(built: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(built, tmp_path / "pack"))


# Appending


def test_what_is_appended_is_found_and_what_was_there_is_not_written_again(pack: Path, photos: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in pack.iterdir() if path.name != MANIFEST_NAME}
    result = append(pack, photos / "more" / "photos.csv")
    assert (result.added, result.references, result.already_there) == (12, 42, 0)
    assert [row.file for row in result.rejected] == ["absent.jpg"]
    assert {name: (pack / name).stat().st_mtime_ns for name in before} == before
    assert is_intact(pack)
    with open_pack(pack) as opened:
        assert (opened.count, opened.rows, len(opened.segments)) == (42, 42, 2)
        assert opened.positions()[41].tolist() == [4.1, -4.1]
        for number, folder in ((3, "first"), (35, "more")):
            nearest = opened.search(descriptor_of(photos / folder / f"{number}.jpg"), 3).items[0]
            assert (nearest.reference.reference_id, nearest.reference.row) == (f"id{number}", number)
            assert opened.thumbnail(nearest.reference.row) is not None
        assert opened.manifest.licences == {"CC0": 42}
        assert opened.manifest.thumbnails == 42
    assert [row["file"] for row in lines_of(result.lists / "rejected.csv")] == ["absent.jpg"]


def test_a_search_over_segments_is_that_over_one(pack: Path, photos: Path) -> None:
    append(pack, photos / "more" / "photos.csv")
    query = descriptor_of(photos / "more" / "33.jpg")
    with open_pack(pack) as several:
        found = several.search(query, 42)
        vectors = several.vectors(np.arange(42, dtype=np.int64))
    distances = np.linalg.norm(vectors.astype(np.float64) - query.vector, axis=1)
    order = np.lexsort((np.arange(42), distances))
    assert [item.reference.row for item in found.items] == order.tolist()
    np.testing.assert_allclose(found.distances(), distances[order], atol=1e-7)
    compact_pack(pack, clock=clock)
    with open_pack(pack) as one:
        again = one.search(query, 42)
    assert [item.reference for item in again.items] == [item.reference for item in found.items]
    np.testing.assert_array_equal(again.distances(), found.distances())


def test_the_history_says_what_was_done(pack: Path, photos: Path) -> None:
    with open_pack(pack) as opened:
        first_id = opened.pack_id
    append(pack, photos / "more" / "photos.csv")
    remove_from_pack(pack, ["id3", "nobody"], source="ids.txt", clock=clock)
    compact_pack(pack, clock=clock)
    with open_pack(pack) as opened:
        manifest = opened.manifest
        assert [change.action for change in manifest.changes_since(first_id)] == [
            "appended",
            "removed",
            "compacted",
        ]
        assert manifest.changes_since(opened.pack_id) == ()
    history = json.loads((pack / MANIFEST_NAME).read_bytes())["history"]
    assert [entry["action"] for entry in history] == ["built", "appended", "removed", "compacted"]
    assert history[1]["previous_pack_id"] == first_id
    assert len({entry["previous_pack_id"] for entry in history}) == 4
    appended = history[1]["details"]
    assert (appended["added"], appended["rejected"], appended["source"]["name"]) == (12, 1, "photos.csv")
    assert history[2]["details"] == {"source": "ids.txt", "removed": 1, "not_found": 1}
    assert history[3]["details"] == {"segments": 2, "references": 41, "erased": 1}


def test_photos_that_are_there_already_are_neither_described_nor_added(pack: Path, photos: Path) -> None:
    manifest = (pack / MANIFEST_NAME).read_bytes()
    extractor = HistogramExtractor()
    result = append(pack, photos / "first" / "photos.csv", extractor=extractor)
    assert (result.added, result.already_there, result.rejected) == (0, EARLIER, ())
    assert extractor.described == 0
    assert (pack / MANIFEST_NAME).read_bytes() == manifest
    assert not (pack / APPEND_NAME).exists()


def test_another_photo_of_the_same_id_gets_a_new_one(pack: Path, tmp_path: Path) -> None:
    table = write_photos(tmp_path / "others", 2, first=100)
    table.write_text(table.read_text().replace("id100", "id5").replace("id101", "id5~2"))
    result = append(pack, table)
    assert result.renamed == 1
    assert ids_in(pack)[-2:] == ["id5~3", "id5~2"]
    assert lines_of(result.lists / "renamed.csv") == [{"reference_id": "id5", "renamed_to": "id5~3"}]


def test_an_append_that_was_stopped_goes_on_without_describing_anything_twice(
    pack: Path, tmp_path: Path
) -> None:
    table = write_photos(tmp_path / "many", 70, first=200)
    manifest = (pack / MANIFEST_NAME).read_bytes()
    with pytest.raises(Cancelled):
        append(pack, table, progress=StopAt("Describing photos", 32))
    assert (pack / MANIFEST_NAME).read_bytes() == manifest
    assert is_intact(pack)
    with pytest.raises(PackError, match="--resume"):
        append(pack, table)
    other = write_photos(tmp_path / "other", 3, first=300)
    with pytest.raises(PackError, match="started from another source"):
        append(pack, other, resume=True)
    extractor = HistogramExtractor()
    result = append(pack, table, extractor=extractor, resume=True)
    assert (result.added, extractor.described) == (70, 38)
    assert not (pack / APPEND_NAME).exists()


def test_a_run_killed_after_its_last_step_is_recognised_as_finished(
    pack: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def die(*_arguments: object) -> None:
        raise KilledError

    table = photos / "more" / "photos.csv"
    with monkeypatch.context() as patched:
        patched.setattr(append_module, "read_rejected", die)  # the first thing after the commit
        with pytest.raises(KilledError):
            append(pack, table)
    assert (pack / APPEND_NAME).is_dir()
    assert len(ids_in(pack)) == 42
    extractor = HistogramExtractor()
    result = append(pack, table, extractor=extractor, resume=True)
    assert (result.added, result.references, extractor.described) == (12, 42, 0)
    assert [row.file for row in result.rejected] == ["absent.jpg"]
    assert not (pack / APPEND_NAME).exists()


def test_nothing_usable_leaves_the_pack_alone(pack: Path, tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("file,latitude,longitude\nabsent.jpg,1,2\n")
    manifest = (pack / MANIFEST_NAME).read_bytes()
    with pytest.raises(SourceError, match=r"absent\.jpg"):
        append(pack, table)
    assert (pack / MANIFEST_NAME).read_bytes() == manifest
    assert is_intact(pack)


def test_only_the_packs_own_model_can_add_to_it(pack: Path, photos: Path) -> None:
    with pytest.raises(PackError, match="only the pack's own model"):
        append(pack, photos / "more" / "photos.csv", extractor=HistogramExtractor(name="other"))


def test_small_pictures_are_kept_where_the_pack_has_some(photos: Path, tmp_path: Path) -> None:
    bare = tmp_path / "pack"
    build_small_pack(
        open_source(photos / "first" / "photos.csv"),
        bare,
        options=BuildOptions(thumbnails=False),
    )
    append(bare, photos / "more" / "photos.csv")
    with open_pack(bare) as opened:
        assert opened.manifest.thumbnails == 0
        assert opened.thumbnail(35) is None
    compact_pack(bare, clock=clock)
    assert is_intact(bare)


def test_two_changes_at_once_are_refused(pack: Path, photos: Path) -> None:
    with changing(pack, since=NOW), pytest.raises(PackError, match=r"is being changed by .*since 2026"):
        append(pack, photos / "more" / "photos.csv")
    append(pack, photos / "more" / "photos.csv")


def test_an_open_pack_stays_as_it_was(pack: Path, photos: Path) -> None:
    with open_pack(pack) as opened:
        query = descriptor_of(photos / "first" / "7.jpg")
        before = opened.search(query, 30)
        append(pack, photos / "more" / "photos.csv")
        compact_pack(pack, clock=clock)
        assert opened.search(query, 30) == before
        assert opened.thumbnail(7) is not None
        assert len(opened.positions()) == EARLIER


# Removing


def test_what_was_removed_is_not_found_and_its_place_is_taken_by_the_next(pack: Path, photos: Path) -> None:
    query = descriptor_of(photos / "first" / "4.jpg")
    with open_pack(pack) as opened:
        order = [item.reference.reference_id for item in opened.search(query, 30).items]
    assert order[0] == "id4"
    result = remove_from_pack(pack, ["id4", order[2], "nobody", "id4"], source="ids.txt", clock=clock)
    assert (result.removed, result.references, result.not_found) == (2, 28, ("nobody",))
    assert is_intact(pack)
    with open_pack(pack) as opened:
        found = [item.reference.reference_id for item in opened.search(query, 30).items]
        assert found == [order[1], *order[3:]]
        assert opened.count == opened.metadata.count == 28
        assert opened.metadata.rows_with(reference_ids=["id4"]).tolist() == []
        assert opened.manifest.licences == {"CC0": 28}
        assert opened.manifest.thumbnails == 28
    assert "id4" not in ids_in(pack)


def test_compacting_erases_what_was_removed_from_the_disk(pack: Path, photos: Path) -> None:
    append(pack, photos / "more" / "photos.csv")
    remove_from_pack(pack, ["id4", "id40"], source="ids.txt", clock=clock)
    result = compact_pack(pack, clock=clock)
    assert (result.segments_joined, result.erased, result.references) == (2, 2, 40)
    assert is_intact(pack)
    with open_pack(pack) as opened:
        assert opened.rows == opened.count == 40
        assert opened.removed.tolist() == []
        for row, photo in enumerate(opened.metadata.all_photos()):
            assert photo.row == row
            folder = "first" if int(photo.reference_id[2:]) < EARLIER else "more"
            nearest = opened.search(descriptor_of(photos / folder / photo.file), 1).items[0]
            assert nearest.reference.reference_id == photo.reference_id
    named = {file["name"] for file in json.loads((pack / MANIFEST_NAME).read_bytes())["files"]}
    there = {path.relative_to(pack).as_posix() for path in pack.rglob("*") if path.is_file()}
    assert there - named == {MANIFEST_NAME, "verified.json"}
    assert not any(b"id40" in path.read_bytes() for path in pack.rglob("*.sqlite"))
    assert compact_pack(pack, clock=clock).segments_joined == 0


def test_a_removed_photo_can_be_appended_again(pack: Path, photos: Path) -> None:
    remove_from_pack(pack, ["id4"], source="ids.txt", clock=clock)
    result = append(pack, photos / "first" / "photos.csv")
    assert (result.added, result.already_there) == (1, 29)
    assert ids_in(pack)[-1] == "id4"
    assert is_intact(pack)


def test_the_last_reference_cannot_be_removed(pack: Path) -> None:
    with pytest.raises(PackError, match="Nothing would be left"):
        remove_from_pack(pack, ids_in(pack), source="ids.txt", clock=clock)


def test_ids_that_are_not_there_change_nothing(pack: Path) -> None:
    manifest = (pack / MANIFEST_NAME).read_bytes()
    assert remove_from_pack(pack, ["a", "b"], source="ids.txt", clock=clock).not_found == ("a", "b")
    assert (pack / MANIFEST_NAME).read_bytes() == manifest


# Keeping it small


def test_many_small_appends_leave_few_segments(pack: Path, tmp_path: Path) -> None:
    for number in range(MOST_SEGMENTS + 3):
        append(pack, write_photos(tmp_path / f"{number}", 1, first=400 + number))
    with open_pack(pack) as opened:
        assert len(opened.segments) <= MOST_SEGMENTS
        assert opened.segments[0].count == EARLIER, "the large one is left alone"
    assert ids_in(pack) == [f"id{n}" for n in (*range(EARLIER), *range(400, 400 + MOST_SEGMENTS + 3))]
    assert is_intact(pack)


@pytest.mark.parametrize(
    ("sizes", "first"),
    [
        ([5000, *[100] * 7], None),
        ([5000, *[100] * 8], 1),
        ([9, 8, 7, 6, 5, 4, 3, 2, 1], 0),
        ([900, 800, 400, 200, 100, 50, 25, 12, 6], 7),
        ([900, 800, 400, 200, 100, 50, 25, 12, 13], 0),
    ],
)
def test_the_youngest_segments_are_joined_first(sizes: Sequence[int], first: int | None) -> None:
    assert first_to_join(sizes) == first


def test_leftovers_of_killed_runs_go_with_the_next_change(pack: Path, photos: Path) -> None:
    (pack / "segment-0002").mkdir()
    (pack / "segment-0002" / "index.faiss").write_bytes(b"half")
    (pack / "removed-0123.npy").write_bytes(b"half")
    (pack / ".manifest.json.partial").write_bytes(b"half")
    (pack / "notes of the user.txt").write_text("mine")
    append(pack, photos / "more" / "photos.csv")
    assert is_intact(pack)
    assert not (pack / "removed-0123.npy").exists()
    assert (pack / "notes of the user.txt").read_text() == "mine"
    assert not list(pack.glob(".*"))


def test_a_pack_of_the_first_version_is_read_and_grows(pack: Path, photos: Path) -> None:
    value = json.loads((pack / MANIFEST_NAME).read_bytes())
    (segment,) = value.pop("segments")
    for key in ("history", "removed", "superseded", "copy_distance"):
        del value[key]
    value |= {"format_version": 1, "index": segment["index"]}
    (pack / MANIFEST_NAME).write_text(json.dumps(value))
    assert is_intact(pack)
    assert append(pack, photos / "more" / "photos.csv").references == 42
    compact_pack(pack, clock=clock)
    assert is_intact(pack)
    assert len(ids_in(pack)) == 42
    assert not (pack / "index.faiss").exists()


# Copies and caps


@pytest.fixture
def with_copies(tmp_path: Path) -> Path:
    """A table of 20 photos, one of them twice, and one recompressed, smaller, and somewhere else."""
    table = write_photos(tmp_path / "copies", 20)
    folder = table.parent
    (folder / "again.jpg").write_bytes((folder / "3.jpg").read_bytes())
    picture(5).resize((70, 56)).save(folder / "reshared.jpg", quality=60)
    with table.open("a") as stream:
        stream.write("again.jpg,0.3,-0.3,again,,,\nreshared.jpg,10.5,-0.5,reshared,,,\n")
    return table


def test_copies_are_reported_and_kept(with_copies: Path, tmp_path: Path) -> None:
    pack = build(with_copies, tmp_path / "pack")
    assert len(ids_in(pack)) == 22
    again, reshared = lines_of(pack / "duplicates.csv")
    assert (again["reference_id"], again["duplicate_of"], again["same_file"]) == ("again", "id3", "yes")
    assert (again["descriptor_distance"], again["apart_km"], again["left_out"]) == ("0.000000", "0.000", "no")
    assert (reshared["reference_id"], reshared["duplicate_of"]) == ("reshared", "id5")
    assert reshared["same_file"] == "no"
    assert float(reshared["apart_km"]) == pytest.approx(1112, rel=0.01)


def test_copies_are_dropped_on_request(with_copies: Path, tmp_path: Path) -> None:
    pack = build(with_copies, tmp_path / "pack", CullingOptions(duplicates="drop"))
    assert ids_in(pack) == [f"id{number}" for number in range(20)]
    assert {line["left_out"] for line in lines_of(pack / "duplicates.csv")} == {"yes"}
    details = json.loads((pack / MANIFEST_NAME).read_bytes())["history"][0]["details"]
    assert (details["added"], details["duplicates_found"], details["left_out"]) == (20, 2, 2)
    with open_pack(pack) as opened:
        nearest = opened.search(descriptor_of(with_copies.parent / "19.jpg"), 1).items[0].reference
        assert nearest.reference_id == "id19"
        assert opened.thumbnail(nearest.row) is not None
    assert is_intact(pack)


def test_copies_of_the_packs_own_photos_are_found_when_appending(pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    table = write_photos(folder, 3, first=500)
    picture(8).resize((70, 56)).save(folder / "reshared.jpg", quality=60)
    picture(9).save(folder / "renamed.jpg", quality=92)
    with table.open("a") as stream:
        stream.write("reshared.jpg,1,1,reshared,,,\nrenamed.jpg,1,1,renamed,,,\n")
    result = append(pack, table, culling=CullingOptions(duplicates="drop"))
    assert (result.added, result.duplicates, result.left_out) == (3, 2, 2)
    found = [
        (line["reference_id"], line["duplicate_of"]) for line in lines_of(result.lists / "duplicates.csv")
    ]
    assert found == [("reshared", "id8"), ("renamed", "id9")]
    assert ids_in(pack)[-3:] == ["id500", "id501", "id502"]


def test_caps_hold_over_the_whole_pack_and_name_what_is_left_out(tmp_path: Path) -> None:
    table = write_photos(tmp_path / "photos", 30)
    pack = build(table, tmp_path / "pack", CullingOptions(max_per_photographer=4))
    kept = ids_in(pack)
    assert len(kept) == 12
    assert len(lines_of(pack / "left_out.csv")) == 18
    backwards = table.with_name("backwards.csv")
    header, *rows = table.read_text().splitlines()
    backwards.write_text("\n".join([header, *reversed(rows)]) + "\n")
    other = build(backwards, tmp_path / "other", CullingOptions(max_per_photographer=4))
    assert sorted(ids_in(other)) == sorted(kept), "which are kept does not depend on their order"
    more = write_photos(tmp_path / "more", 9, first=600)
    result = append(pack, more, culling=CullingOptions(max_per_photographer=5, max_per_place=1))
    assert (result.added, result.left_out) == (3, 6)
    reasons = {line["reason"] for line in lines_of(result.lists / "left_out.csv")}
    assert any("5 photos of the photographer 'ann" in reason for reason in reasons)
