"""The layouts of YFCC100M, OpenStreetView-5M and Mapillary, and how formats are told apart."""

import bz2
import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from geolocdesk.errors import SourceError
from geolocdesk.evidence.packed import PackedFile
from geolocdesk.geodesy import Position
from geolocdesk.progress import ignore_progress
from geolocdesk.reference.sources import open_source
from geolocdesk.reference.sources.json_stream import json_objects
from geolocdesk.reference.sources.looks import recognise
from geolocdesk.reference.sources.pictures import PictureFolder
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.yfcc100m import COLUMNS, yfcc_hash
from geolocdesk.unavailable import Unavailable


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"\xff\xd8\xff")


# Pictures by name


def test_pictures_are_found_by_name_in_folders_and_zips(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "b/c/2.JPEG", "1.txt", ".hidden/3.jpg", "[x].1.png")
    with zipfile.ZipFile(tmp_path / "b" / "z.zip", "w") as archive:
        archive.writestr("d/4.jpg", b"four")
        archive.writestr("2.jpg", b"another two")
    pictures = PictureFolder(tmp_path, ignore_progress)
    found = {
        name: [pictures.relative(photo) for photo in pictures.find(name)]
        for name in ("1", "2", "3", "4", "[x].1")
    }
    assert found == {
        "1": ["a/1.jpg"],
        "2": ["b/z.zip!/2.jpg", "b/c/2.JPEG"],
        "3": [],
        "4": ["b/z.zip!/d/4.jpg"],
        "[x].1": ["[x].1.png"],
    }


# YFCC100M

URL = "http://farm8.staticflickr.com/7205/6985418911_df7747990d.jpg"
ROW = {
    "photoid": "6985418911",
    "uid": "39089491@N00",
    "unickname": "nick+name",
    "datetaken": "2012-02-16 09:56:37.0",
    "dateuploaded": "1331840483",
    "capturedevice": "Canon+PowerShot+ELPH+310+HS",
    "title": "IMG_0520",
    "description": "",
    "usertags": "canon,canon+powershot+hs+310",
    "machinetags": "",
    "longitude": "-81.804885",
    "latitude": "24.550558",
    "accuracy": "12",
    "pageurl": "http://www.flickr.com/photos/39089491@N00/6985418911/",
    "downloadurl": URL,
    "licensename": "Attribution-NonCommercial-NoDerivs+License",
    "licenseurl": "http%3A%2F%2Fcreativecommons.org%2Flicenses%2Fby-nc-nd%2F2.0%2F",
    "serverid": "7205",
    "farmid": "8",
    "secret": "df7747990d",
    "secretoriginal": "692d7e0a7f",
    "ext": "jpg",
    "marker": "0",
}
"""One row in the published layout."""


def line(columns: int = 23, number: int = 0, **changes: str) -> bytes:
    fields = {**ROW, **changes}
    values = [fields[name] for name in COLUMNS]
    if columns == 25:
        values = [str(number), values[0], yfcc_hash(fields["downloadurl"]), *values[1:]]
    return "\t".join(values).encode() + b"\n"


def test_the_hash_is_the_one_of_the_published_picture() -> None:
    """MD5 in hexadecimal, a byte below 16 with one digit: so the names are up to 32 digits long and often shorter."""
    from hashlib import md5

    assert yfcc_hash(URL) == "4e2f7a26a1dfbf165a7e30bdabf7e72a"  # as in the data set's own sample row
    other = "http://farm8.staticflickr.com/7205/1.jpg"
    digest = md5(other.encode(), usedforsecurity=False).hexdigest()
    shortened = "".join(digest[at : at + 2].removeprefix("0") or "0" for at in range(0, 32, 2))
    assert yfcc_hash(other) == shortened
    assert len(shortened) < 32


@pytest.mark.parametrize("columns", [23, 25])
@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("yfcc100m_dataset", bytes),
        ("yfcc100m_dataset.gz", gzip.compress),
        ("yfcc100m_dataset.bz2", bz2.compress),
    ],
)
def test_a_photo_of_the_metadata_carries_all_that_is_known(
    tmp_path: Path, columns: int, name: str, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / name).write_bytes(pack(line(columns) + line(columns, 1, photoid="1", downloadurl="x")))
    picture = yfcc_hash(URL)
    touch(tmp_path, f"data/images/{picture[:3]}/{picture[3:6]}/{picture}.jpg")
    source = open_source(tmp_path)
    (row,) = source.rows()
    assert (row.reference_id, row.position) == ("6985418911", Position(24.550558, -81.804885))
    assert row.file == f"data/images/{picture[:3]}/{picture[3:6]}/{picture}.jpg"
    assert row.path == tmp_path / row.file
    assert row.photographer == "39089491@N00"
    assert row.captured_at == "2012-02-16T09:56:37"
    assert row.url == "http://www.flickr.com/photos/39089491@N00/6985418911/"
    assert row.licence == (
        "Attribution-NonCommercial-NoDerivs License (http://creativecommons.org/licenses/by-nc-nd/2.0/)"
    )
    assert source.to_json()["without_picture"] == 1
    assert open_source(tmp_path / name).to_json()["sha256"] == source.to_json()["sha256"]


def test_videos_missing_positions_and_foreign_lines_are_rejected(tmp_path: Path) -> None:
    lines = [
        line(photoid="1"),
        line(photoid="2", marker="1"),
        line(photoid="3", latitude="", longitude=""),
        line(photoid="4", latitude="95"),
        line(photoid="5", datetaken="null", licensename="", licenseurl=""),
        b"a\tb\n",
        line(photoid="6"),
    ]
    (tmp_path / "yfcc100m_dataset-0").write_bytes(b"".join(lines))
    touch(tmp_path, *(f"flat/{number}.jpg" for number in range(1, 6)))
    source = open_source(tmp_path)
    good, video, nowhere, wrong, bare, foreign = source.rows()
    assert good.rejected == ""
    assert "video" in video.rejected
    assert "no position" in nowhere.rejected
    assert "out of range" in wrong.rejected
    assert (bare.captured_at, bare.licence) == (Unavailable.NOT_AVAILABLE, Unavailable.NOT_AVAILABLE)
    assert "2 columns" in foreign.reference_id + foreign.file + foreign.rejected
    assert [row.number for row in source.rows()] == [0, 1, 2, 3, 4, 5]


def test_a_selection_works_on_the_published_columns(tmp_path: Path) -> None:
    (tmp_path / "yfcc100m_dataset").write_bytes(line(photoid="1") + line(photoid="2", accuracy="16"))
    touch(tmp_path, "1.jpg", "2.jpg")
    source = open_source(tmp_path, "yfcc100m", Selection.parse(["accuracy=15,16"]))
    assert [row.reference_id for row in source.rows()] == ["2"]
    with pytest.raises(SourceError, match="no column kind"):
        open_source(tmp_path, "yfcc100m", Selection.parse(["kind=1"]))


def test_the_sqlite_form_gives_the_same_rows_with_pictures_elsewhere(tmp_path: Path) -> None:
    text, table = tmp_path / "yfcc100m_dataset", tmp_path / "yfcc100m_dataset.sql"
    text.write_bytes(line(photoid="1") + line(photoid="2", latitude="", longitude=""))
    with closing(sqlite3.connect(table)) as connection, connection:
        connection.execute(f"CREATE TABLE yfcc100m_dataset ({', '.join(COLUMNS)})")
        insert = f"INSERT INTO yfcc100m_dataset VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
        for fields in (ROW | {"photoid": 1}, ROW | {"photoid": 2, "latitude": None, "longitude": ""}):
            connection.execute(insert, [fields[name] for name in COLUMNS])
    touch(tmp_path / "elsewhere", "1.jpg", "2.jpg")
    rows = [list(open_source(file, pictures=tmp_path / "elsewhere").rows()) for file in (text, table)]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 2


def test_metadata_cut_short_end_with_a_row_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "yfcc100m_dataset.gz"
    whole = gzip.compress(b"".join(line(photoid=str(number)) for number in range(1, 2000)))
    path.write_bytes(whole[: len(whole) // 2])
    touch(tmp_path, "1.jpg")
    first, *_, last = open_source(path).rows()
    assert first.reference_id == "1"
    assert "cut short" in last.file


def test_what_is_no_metadata_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "yfcc100m_dataset"
    path.write_bytes(b"id\tlatitude\tlongitude\n")
    with pytest.raises(SourceError, match="has 3 columns where 23 or 25"):
        open_source(path)


# OpenStreetView-5M

OSV_HEADER = [
    "id",
    "latitude",
    "longitude",
    "thumb_original_url",
    "country",
    "sequence",
    "captured_at",
    "lon_bin",
    "lat_bin",
    "cell",
    "region",
    "sub-region",
    "city",
    "land_cover",
    "road_index",
    "drive_side",
    "climate",
    "soil",
    "dist_sea",
    "quadtree_10_5000",
    "quadtree_10_25000",
    "quadtree_10_1000",
    "quadtree_10_50000",
    "quadtree_10_12500",
    "quadtree_10_500",
    "quadtree_10_2500",
    "unique_region",
    "unique_sub-region",
    "unique_city",
    "unique_country",
    "creator_username",
    "creator_id",
]
"""As the data set's own loading script lists them."""


def osv_row(**fields: str) -> str:
    known = {
        "latitude": "-43.804769384023",
        "longitude": "-176.61409250805",
        "country": "NZ",
        "sequence": "abc",
        "captured_at": "1537006562000",
        "cell": '"(0, 8)"',
        "unique_city": "Waitangi_NaN_Chatham Islands_NZ",
        "creator_username": "roadroid",
        **fields,
    }
    return ",".join(known.get(name, "") for name in OSV_HEADER)


def write_osv(folder: Path, *rows: str, name: str = "train.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([",".join(OSV_HEADER), *rows]) + "\n")
    return path


def test_pictures_are_read_from_the_shards_as_they_were_downloaded(tmp_path: Path) -> None:
    write_osv(
        tmp_path,
        osv_row(id="3859149887465501"),
        osv_row(id="7"),
        osv_row(id="8", latitude=""),
        osv_row(id="9"),
    )
    shards = tmp_path / "images" / "train"
    shards.mkdir(parents=True)
    for shard, names in (("00", ["7", "8"]), ("01", ["3859149887465501"])):
        with zipfile.ZipFile(shards / f"{shard}.zip", "w") as archive:
            for name in names:
                archive.writestr(f"{shard}/{name}.jpg", b"photo " + name.encode())
    source = open_source(tmp_path)
    first, second, nowhere = source.rows()
    assert (first.reference_id, first.file) == ("3859149887465501", "01.zip!/01/3859149887465501.jpg")
    assert isinstance(first.path, PackedFile)
    assert first.position == Position(-43.804769384023, -176.61409250805)
    assert (first.country, first.place, first.photographer) == ("NZ", "abc", "roadroid")
    assert (first.captured_at, first.licence) == ("2018-09-15T10:16:02Z", "CC BY-SA 4.0")
    assert first.url == "https://www.mapillary.com/app/?pKey=3859149887465501&focus=photo"
    assert second.file == "00.zip!/00/7.jpg"
    assert "empty" in nowhere.rejected
    assert source.to_json()["without_picture"] == 1


def test_unpacked_shards_and_selections_work_as_well(tmp_path: Path) -> None:
    path = write_osv(tmp_path, osv_row(id="1"), osv_row(id="2", country="FR"), name="test.csv")
    write_osv(tmp_path, name="train.csv")
    touch(tmp_path / "images", "test/00/1.jpg", "test/01/2.jpg", "train/00/1.jpg")
    rows = open_source(path, "auto", Selection.parse(["country=FR"])).rows()
    assert [row.file for row in rows] == ["01/2.jpg"]
    assert [row.file for row in open_source(path).rows()] == ["00/1.jpg", "01/2.jpg"]
    with pytest.raises(SourceError, match="name the one that is meant"):
        open_source(tmp_path)


# Mapillary


def write_json(path: Path, value: object, **options: int) -> Path:
    path.write_text(json.dumps(value, **options))  # type: ignore[arg-type]  # only an indent
    return path


IMAGE = {
    "id": "498763468214164",
    "captured_at": 1537006562123,
    "geometry": {"type": "Point", "coordinates": [13.0, 55.0]},
    "computed_geometry": {"type": "Point", "coordinates": [13.25, 55.5]},
    "creator": {"username": "ann", "id": "11"},
    "sequence": "qrrqtke4a6vtygyc7w8rzc",
    "is_pano": False,
}
FEATURE = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [13.25, 55.5]},
    "properties": {
        "id": 498763468214164,
        "captured_at": 1537006562123,
        "sequence_id": "qrrqtke4a6vtygyc7w8rzc",
        "creator_username": "ann",
    },
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.geojson", json.dumps({"type": "FeatureCollection", "features": [FEATURE]})),
        (
            "a.geojson",
            json.dumps({"type": "FeatureCollection", "name": "x", "features": [FEATURE]}, indent=2),
        ),
        ("a.json", json.dumps({"data": [IMAGE]})),
        ("a.json", json.dumps([IMAGE], indent=1)),
        ("a.json", json.dumps(IMAGE)),
        ("a.jsonl", json.dumps(IMAGE) + "\n\n"),
    ],
)
def test_the_answers_of_the_api_are_read_in_every_form(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    touch(tmp_path, "thumbs/498763468214164_2048.jpg", "thumbs/498763468214164_256.jpg")
    (row,) = open_source(tmp_path / name).rows()
    assert (row.reference_id, row.file) == ("498763468214164", "thumbs/498763468214164_2048.jpg")
    assert row.position == Position(55.5, 13.25)
    assert (row.place, row.photographer) == ("qrrqtke4a6vtygyc7w8rzc", "ann")
    assert row.captured_at == "2018-09-15T10:16:02.123Z"
    assert row.licence == "CC BY-SA 4.0"
    assert row.url == "https://www.mapillary.com/app/?pKey=498763468214164&focus=photo"


def test_the_description_that_mapillary_tools_write_is_read(tmp_path: Path) -> None:
    values = [
        {
            "filename": "C:\\photos\\day\\1.jpg",
            "filetype": "image",
            "MAPLatitude": 55.5,
            "MAPLongitude": 13.25,
            "MAPCaptureTime": "2021_02_03_04_05_06_789",
            "MAPSequenceUUID": "seq_1",
        },
        {
            "filename": "/x/2.jpg",
            "filetype": "image",
            "error": {"type": "MapillaryGeoTaggingError", "message": "no GPS"},
        },
        {"filename": "/x/3.mp4", "filetype": "gopro", "MAPGPSTrack": []},
        {"filename": "/x/4.jpg", "filetype": "image", "MAPLatitude": 55.5, "MAPLongitude": 13.25},
        {"filename": "/x/5.jpg", "filetype": "image", "MAPLatitude": 155.5, "MAPLongitude": 13.25},
        {"filename": "/x/6.jpg", "filetype": "image", "MAPLatitude": 1, "MAPLongitude": 2},
        17,
    ]
    write_json(tmp_path / "mapillary_image_description.json", values)
    touch(tmp_path, "1.jpg", "2.jpg", "5.jpg", "a/6.jpg", "b/6.jpg")
    good, failed, video, absent, wrong, double, number = open_source(tmp_path).rows()
    assert (good.reference_id, good.position) == ("1.jpg", Position(55.5, 13.25))
    assert (good.place, good.captured_at) == ("seq_1", "2021-02-03T04:05:06.789Z")
    assert good.licence is Unavailable.NOT_AVAILABLE
    assert "no GPS" in failed.rejected
    assert "video" in video.rejected
    assert "not there" in absent.rejected
    assert "out of range" in wrong.rejected
    assert "two pictures" in double.rejected
    assert "no description" in number.rejected


def test_a_long_list_is_read_in_blocks_like_json_reads_it_whole(tmp_path: Path) -> None:
    values = [{"id": number, "text": '[]{}",\\é ' * (number % 40)} for number in range(3000)]
    for whole in (values, {"type": "x", "features": values}):
        for indent in (0, 3):
            path = write_json(tmp_path / "a.json", whole, indent=indent)
            assert list(json_objects(path)) == values


@pytest.mark.parametrize(
    "text", ["", "[", '[{"a": 1}', '{"features": [{"a"', "nonsense", '{"a": 1}\nnonsense', "[" * 300_000]
)
def test_damaged_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(SourceError, match="cannot be read as JSON"):
        list(json_objects(path))


# Recognising formats


def test_formats_are_recognised_by_their_looks(tmp_path: Path) -> None:
    def made(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        return folder

    assert recognise(made("empty")) == "folder"
    touch(made("photos"), "a.jpg", "b/c.jpg", "d.zip")
    assert recognise(tmp_path / "photos") == "folder"
    touch(made("shards"), "0.tar", "readme.txt")
    assert recognise(tmp_path / "shards") == "webdataset"
    assert recognise(tmp_path / "shards" / "{0..9}.tar") == "webdataset"
    with zipfile.ZipFile(made("zips") / "a.zip", "w") as archive:
        archive.writestr("a.jpg", b"")
    assert recognise(tmp_path / "zips") == "zip"
    assert recognise(tmp_path / "zips" / "a.zip") == "zip"
    write_osv(made("osv"))
    assert recognise(tmp_path / "osv") == "osv5m"
    assert recognise(tmp_path / "osv" / "train.csv") == "osv5m"
    (made("yfcc") / "part.txt").write_bytes(line())
    assert recognise(tmp_path / "yfcc" / "part.txt") == "yfcc100m"
    (tmp_path / "yfcc" / "yfcc100m_dataset").write_bytes(line())
    assert recognise(tmp_path / "yfcc") == "yfcc100m"
    touch(made("mapillary"), "a.geojson", "1.jpg")
    assert recognise(tmp_path / "mapillary") == "mapillary"
    (tmp_path / "table.csv").write_text("file,latitude,longitude,unique_city,unique_region\n")
    assert recognise(tmp_path / "table.csv") == "csv"
    (tmp_path / "table.txt").write_text("file,latitude,longitude\n")
    assert recognise(tmp_path / "table.txt") == "csv"
