"""Photos inside ZIPs and tar shards as sources."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from geolocdesk.errors import SourceError, UsageError
from geolocdesk.evidence.packed import PackedFile, read_packed
from geolocdesk.geodesy import Position
from geolocdesk.reference.sources import open_source
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import Source, SourceRow
from geolocdesk.unavailable import Unavailable

Files = list[tuple[str, bytes]]


def write_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return path


def write_tar(path: Path, files: Files) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def said(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def content_of(row: SourceRow) -> bytes:
    assert isinstance(row.path, PackedFile)
    return read_packed(row.path, 1 << 20).content


def reasons(source: Source) -> dict[str, str]:
    return {row.file: row.rejected for row in source.rows()}


# ZIP


def test_a_zip_offers_its_photos_and_leaves_their_places_to_exif(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "a.zip",
        [
            ("b/2.JPG", b"2"),
            ("1.png", b"1"),
            ("read.me", b""),
            ("__MACOSX/._1.png", b""),
            (".hidden.jpg", b""),
        ],
    )
    source = open_source(path)
    rows = list(source.rows())
    assert [(row.number, row.file, row.reference_id) for row in rows] == [
        (0, "b/2.JPG", "b/2.JPG"),
        (1, "1.png", "1.png"),
    ]
    assert [content_of(row) for row in rows] == [b"2", b"1"]
    assert {row.position for row in rows} == {Unavailable.NOT_AVAILABLE}
    assert source.count() == 2


def test_a_table_in_a_zip_says_where_its_photos_are(tmp_path: Path) -> None:
    table = b"file,latitude,longitude,id,licence\na.jpg,1,2,x,CC0\nabsent.jpg,1,2,,\n../a.jpg,1,2,,\nb.jpg,99,2,,\n"
    path = write_zip(
        tmp_path / "a.zip",
        [("d/photos.csv", table), ("d/a.jpg", b"a"), ("d/b.jpg", b"b"), ("d/c.jpg", b"unlisted")],
    )
    source = open_source(path)
    first, absent, outside, wrong = source.rows()
    assert (first.file, first.reference_id, first.position) == ("d/a.jpg", "x", Position(1.0, 2.0))
    assert (first.licence, content_of(first)) == ("CC0", b"a")
    assert "no file of this name" in absent.rejected
    assert "no file of this name" in outside.rejected
    assert "out of range" in wrong.rejected
    selected = open_source(path, "zip", Selection.parse(["id=x"]))
    assert [row.reference_id for row in selected.rows()] == ["x"]
    assert selected.to_json() != source.to_json()


def test_selecting_from_a_zip_without_a_table_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", [("a.jpg", b"a")])
    with pytest.raises(SourceError, match="holds no CSV"):
        open_source(path, "zip", Selection.parse(["id=x"])).count()


def test_a_folder_of_zips_is_one_source_in_the_order_of_their_names(tmp_path: Path) -> None:
    write_zip(tmp_path / "2.zip", [("a.jpg", b"a")])
    write_zip(tmp_path / "1.zip", [("z.jpg", b"z"), ("a.jpg", b"b")])
    assert [row.file for row in open_source(tmp_path).rows()] == [
        "1.zip!/z.jpg",
        "1.zip!/a.jpg",
        "2.zip!/a.jpg",
    ]


def test_what_a_zip_holds_decides_whether_it_is_the_same_source(tmp_path: Path) -> None:
    before = open_source(write_zip(tmp_path / "a.zip", [("a.jpg", b"a")])).to_json()
    same = open_source(tmp_path / "a.zip").to_json()
    after = open_source(write_zip(tmp_path / "a.zip", [("a.jpg", b"b")])).to_json()
    assert before == same
    assert before != after


# WebDataset


def test_a_sample_is_a_photo_with_its_description(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "a.tar",
        [
            ("x/001.cls", b"7"),
            ("x/001.jpg", b"photo"),
            (
                "x/001.json",
                said(latitude=1.5, longitude=-2, id="n1", place="p", license="CC BY 4.0", captured_at=0),
            ),
            ("x/002.seg.png", b"two"),
            ("x/002.json", said(lat="3", lng="4")),
            ("x/003.jpg", b"three"),
        ],
    )
    first, second, third = open_source(path).rows()
    assert (first.reference_id, first.file, first.position) == ("n1", "a.tar!/x/001.jpg", Position(1.5, -2.0))
    assert (first.place, first.licence, first.captured_at) == ("p", "CC BY 4.0", "1970-01-01T00:00:00Z")
    assert content_of(first) == b"photo"
    assert (second.reference_id, second.position) == ("x/002", Position(3.0, 4.0))
    assert (third.reference_id, third.position) == ("x/003", Unavailable.NOT_AVAILABLE)


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        (b"{", "no JSON"),
        (b"[" * 200_000, "no JSON"),
        (b"[1]", "no JSON object"),
        (b" " * (1 << 20) + b"{}", "larger than"),
        (said(latitude=91, longitude=0), "out of range"),
        (b'{"latitude": NaN, "longitude": 0}', "not finite"),
        (said(latitude=1), "no latitude and longitude"),
        (said(latitude=True, longitude=0), "no latitude and longitude"),
        (said(latitude="x", longitude=0), "no number"),
        (b'{"latitude": 1' + b"0" * 5000 + b', "longitude": 0}', "no "),
    ],
)
def test_a_description_that_makes_no_sense_rejects_its_photo_only(
    tmp_path: Path, description: bytes, reason: str
) -> None:
    files = [("1.jpg", b"1"), ("1.json", description), ("2.jpg", b"2"), ("2.json", said(lat=1, lon=2))]
    bad, good = open_source(write_tar(tmp_path / "a.tar", files)).rows()
    assert reason in bad.rejected
    assert good.position == Position(1.0, 2.0)


def test_lone_descriptions_second_photos_and_lost_ends_are_named(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "a.tar",
        [
            ("1.json", said(lat=1, lon=2)),
            ("2.jpg", b"2"),
            ("2.png", b"more"),
            ("3.txt", b"text only"),
            ("4.jpg", b"4" * 999),
        ],
    )
    path.write_bytes(path.read_bytes().rstrip(b"\0"))
    with path.open("r+b") as stream:
        stream.truncate(stream.seek(0, io.SEEK_END) - 600)
    found = reasons(open_source(path))
    assert "no photo beside" in found["a.tar!/1.json"]
    assert "another photo, 2.jpg" in found["a.tar!/2.png"]
    assert found["a.tar!/2.jpg"] == ""
    assert "a.tar!/3.txt" not in found
    assert "cut short" in found["a.tar"]


def test_shards_come_by_name_by_braces_or_by_signs(tmp_path: Path) -> None:
    for number in (2, 0, 1, 10):
        write_tar(tmp_path / f"s-{number:03d}.tar", [(f"{number}.jpg", b"x")])
    everything = [row.reference_id for row in open_source(tmp_path).rows()]
    assert everything == ["0", "1", "2", "10"]
    for pattern, expected in (
        ("s-{000..002}.tar", ["0", "1", "2"]),
        ("s-{010,001}.tar", ["10", "1"]),
        ("s-00*.tar", ["0", "1", "2"]),
        ("s-0{0,1}[01].tar", ["0", "1", "10"]),
    ):
        rows = open_source(tmp_path / pattern).rows()
        assert [row.reference_id for row in rows] == expected, pattern


def test_a_missing_shard_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    write_tar(tmp_path / "0.tar", [("a.jpg", b"a")])
    with pytest.raises(SourceError, match=r"shard .*1\.tar is not there"):
        open_source(tmp_path / "{0..3}.tar")
    with pytest.raises(SourceError, match="no tar file"):
        open_source(tmp_path / "x*.tar")


def test_a_compressed_shard_is_refused_with_what_to_do(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(write_tar(tmp_path / "a.tar", [("a.jpg", b"a")]).read_bytes()))
    with pytest.raises(SourceError, match="uncompress it first"):
        open_source(path)


def test_options_that_do_not_go_with_a_format_are_wrong_usage(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", [("a.jpg", b"a")])
    with pytest.raises(UsageError, match="no columns"):
        open_source(path, "auto", Selection.parse(["a=b"]))
    with pytest.raises(UsageError, match="--pictures works on"):
        open_source(path, pictures=tmp_path)
