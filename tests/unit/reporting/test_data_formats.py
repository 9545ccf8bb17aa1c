"""The formats other programs read, each checked by a program or a schema that others wrote."""

import csv
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import gpxpy
import pytest
import shapely
from case_utils.case_validate import validate as validate_case
from fastkml.validator import validate as validate_kml
from lxml import etree
from rdflib import Graph
from rdflib.namespace import Namespace

from geolocdesk.casefile.case import Case
from geolocdesk.casefile.opening import read_case
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.errors import OutputError
from geolocdesk.evidence.record import ExifTag
from geolocdesk.geodesy import Position
from geolocdesk.progress import Cancelled, Progress
from geolocdesk.reporting.case_uco import write_case_uco
from geolocdesk.reporting.csv_table import COLUMNS, cell_text, write_csv
from geolocdesk.reporting.formats import WriteReport
from geolocdesk.reporting.geojson import write_geojson
from geolocdesk.reporting.gpx import write_gpx
from geolocdesk.reporting.kml import write_kml, write_kmz
from geolocdesk.reporting.report import EVERYTHING, ReportContents
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import FIJI, ZAGREB, make_analysis, make_record
from tests.doubles.cases import varied_case

WRITERS: dict[str, WriteReport] = {
    "csv": write_csv,
    "geojson": write_geojson,
    "kml": write_kml,
    "kmz": write_kmz,
    "gpx": write_gpx,
    "jsonld": write_case_uco,
}

every_writer = pytest.mark.parametrize("suffix", WRITERS)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with varied_case(tmp_path_factory.mktemp("case") / "case.gldcase") as made:
        yield made


def written(
    case: CaseReader,
    suffix: str,
    folder: Path,
    *,
    name: str = "report",
    contents: ReportContents = EVERYTHING,
) -> Path:
    path = folder / f"{name}.{suffix}"
    WRITERS[suffix](case, path, contents=contents)
    return path


@every_writer
def test_the_same_case_gives_the_same_bytes(case: Case, tmp_path: Path, suffix: str) -> None:
    first = written(case, suffix, tmp_path, name="first").read_bytes()
    with read_case(case.path) as reader:
        second = written(reader, suffix, tmp_path, name="second").read_bytes()

    assert first == second


@every_writer
def test_writing_changes_nothing_in_the_case(case: Case, tmp_path: Path, suffix: str) -> None:
    before = case.info()

    written(case, suffix, tmp_path)

    assert case.info() == before


@every_writer
def test_progress_is_shown_and_can_cancel(case: Case, tmp_path: Path, suffix: str) -> None:
    seen: list[Progress] = []
    target = tmp_path / f"report.{suffix}"
    target.write_text("an earlier report")

    def cancel(progress: Progress) -> None:
        seen.append(progress)
        if progress.done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        WRITERS[suffix](case, target, progress=cancel)

    assert [step.done for step in seen] == [0, 1, 2, 3]
    assert {step.total for step in seen} == {6}
    assert target.read_text() == "an earlier report"
    assert not list(tmp_path.glob("*.partial"))
    assert not list(tmp_path.glob(".*.partial"))


@every_writer
def test_a_folder_that_cannot_be_written_to_is_named(case: Case, tmp_path: Path, suffix: str) -> None:
    with pytest.raises(OutputError, match="could not be written"):
        WRITERS[suffix](case, case.path / f"report.{suffix}")


@every_writer
def test_an_empty_choice_is_a_valid_file(case: Case, tmp_path: Path, suffix: str) -> None:
    nothing = ReportContents(exhibits=frozenset())

    assert written(case, suffix, tmp_path, contents=nothing).stat().st_size > 0


# CSV


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_csv_has_a_row_an_exhibit_and_no_blank_cell(case: Case, tmp_path: Path) -> None:
    rows = rows_of(written(case, "csv", tmp_path))

    assert [row["exhibit"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert [row["status"] for row in rows] == ["analysed"] * 4 + ["failed", "pending"]
    assert all(set(row) == set(COLUMNS) and all(row.values()) for row in rows)
    assert rows[4]["failure"].startswith("/evidence/broken.jpg is damaged")
    assert rows[4]["latitude"] == rows[4]["sha256"] == "not available"
    assert rows[3]["street_calibrated_photos"] == "not calibrated"


def test_csv_numbers_keep_every_digit(case: Case, tmp_path: Path) -> None:
    row = rows_of(written(case, "csv", tmp_path))[1]
    analysis = case.current_analysis(2)

    assert analysis is not None
    assert float(row["latitude"]) == FIJI.latitude
    assert float(row["nearest_distance"]) == analysis.neighbours.items[0].distance
    assert float(row["region_90_km2"]) == analysis.estimate.regions[1].area_km2
    assert json.loads(row["parameters"]) == dict(analysis.provenance.parameters)


def test_csv_runs_nothing_in_a_spreadsheet(case: Case, tmp_path: Path) -> None:
    for row in rows_of(written(case, "csv", tmp_path)):
        for text in row.values():
            if text.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
                float(text)  # raises where it is not a number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        (-33.5, "-33.5"),
        (7, "7"),
        ("a=1", "a=1"),
        (Unavailable.UNREADABLE, "unreadable"),
    ],
)
def test_csv_cells(value: str | float | Unavailable, text: str) -> None:
    assert cell_text(value) == text


# GeoJSON


def geojson_of(
    case: CaseReader, folder: Path, contents: ReportContents = EVERYTHING
) -> list[dict[str, object]]:
    value = json.loads(written(case, "geojson", folder, contents=contents).read_text(encoding="utf-8"))
    assert value["type"] == "FeatureCollection"
    features: list[dict[str, object]] = value["features"]
    return features


def test_geojson_geometries_are_valid_and_within_the_world(case: Case, tmp_path: Path) -> None:
    for place in geojson_of(case, tmp_path):
        if place["geometry"] is None:
            continue
        shape = shapely.from_geojson(json.dumps(place["geometry"]))
        west, south, east, north = shape.bounds
        assert shape.is_valid, shapely.is_valid_reason(shape)
        assert -180 <= west <= east <= 180
        assert -90 <= south <= north <= 90
        assert all(part.exterior.is_ccw for part in shapely.get_parts(shape) if part.geom_type == "Polygon")


def test_geojson_areas_are_the_ones_stated(case: Case, tmp_path: Path) -> None:
    """A region cut at the date line or closed over the pole keeps its area, by another library's measure."""
    from geographiclib.geodesic import Geodesic

    regions = [
        place
        for place in geojson_of(case, tmp_path)
        if place["properties"]["kind"] == "region" and place["properties"]["exhibit"] != 3  # type: ignore[index]
    ]
    assert len(regions) == 6
    for place in regions:
        area_m2 = 0.0
        for polygon in place["geometry"]["coordinates"]:  # type: ignore[index]
            for index, ring in enumerate(polygon):
                measure = Geodesic.WGS84.Polygon()
                for longitude, latitude in ring[:-1]:
                    measure.AddPoint(latitude, longitude)
                area_m2 += (-1 if index else 1) * abs(measure.Compute()[2])
        stated = place["properties"]["area_km2"]  # type: ignore[index]
        hole = 1 / 25 if place["properties"]["mass"] == 0.9 else 0.0  # type: ignore[index]
        assert area_m2 / 1e6 == pytest.approx(stated * (1 - hole), rel=0.01)


def test_geojson_holds_every_exhibit_and_its_places(case: Case, tmp_path: Path) -> None:
    features = geojson_of(case, tmp_path, ReportContents(neighbours=5))
    kinds: dict[int, list[str]] = {}
    for place in features:
        values = place["properties"]
        assert isinstance(values, dict)
        kinds.setdefault(values["exhibit"], []).append(values["kind"])

    assert kinds[1] == ["answer", *["level"] * 5, *["region"] * 2, "exif", *["neighbour"] * 5]
    assert kinds[5] == ["exhibit"]
    assert kinds[6] == ["exhibit", "exif"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [ZAGREB.longitude, ZAGREB.latitude]}


def test_geojson_says_that_an_answer_is_a_lead(case: Case, tmp_path: Path) -> None:
    text = written(case, "geojson", tmp_path).read_text(encoding="utf-8")

    assert "Investigative lead: " in text
    assert "not calibrated" in text
    assert "not available" in text
    assert "\u202e" not in text
    assert "⟨U+202E⟩" in text


# KML and KMZ


def test_kml_satisfies_the_ogcs_schema(case: Case, tmp_path: Path) -> None:
    assert validate_kml(file_to_validate=written(case, "kml", tmp_path)) is True


def test_kmz_holds_valid_kml_and_its_photos(case: Case, tmp_path: Path) -> None:
    with zipfile.ZipFile(written(case, "kmz", tmp_path)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        archive.extractall(tmp_path / "kmz")

    assert names == ["doc.kml", *(f"photos/exhibit-{number}.jpg" for number in (1, 2, 3, 4, 6))]
    assert validate_kml(file_to_validate=tmp_path / "kmz" / "doc.kml") is True
    assert (tmp_path / "kmz" / "photos" / "exhibit-1.jpg").read_bytes() == case.thumbnail(1)
    assert 'src="photos/exhibit-1.jpg"' in "".join(
        etree.parse(tmp_path / "kmz" / "doc.kml").getroot().itertext()
    )


@pytest.mark.parametrize("suffix", ["kml", "gpx", "geojson", "jsonld"])
def test_nothing_asks_the_network(case: Case, tmp_path: Path, suffix: str) -> None:
    """Addresses stand only where they name a vocabulary or come from a reference's own record."""
    text = written(case, suffix, tmp_path).read_text(encoding="utf-8")
    for known in (
        "http://www.opengis.net/kml/2.2",
        "http://www.topografix.com/GPX/1/1",
        "http://www.w3.org/2001/XMLSchema#",
        "https://ontology.caseontology.org/",
        "https://ontology.unifiedcyberontology.org/",
        "https://example.org/photo/",
        "http://example.org",
    ):
        text = text.replace(known, "")
    assert "http" not in text


def test_kml_descriptions_hold_no_markup_of_a_file(case: Case, tmp_path: Path) -> None:
    """Viewers read descriptions and names as HTML, so a file's own text must not be any."""
    root = etree.parse(written(case, "kml", tmp_path)).getroot()
    texts = [element.text or "" for element in root.iter() if element.tag.endswith(("}name", "}description"))]

    assert any("cmd|" in text for text in texts)
    assert not any("<b>" in text for text in texts)


# GPX


def test_gpx_is_read_by_gpxpy(case: Case, tmp_path: Path) -> None:
    gpx = gpxpy.parse(written(case, "gpx", tmp_path).read_text(encoding="utf-8"))

    assert gpx.version == "1.1"
    assert gpx.creator == "geolocdesk 0.1.0"
    assert [point.type for point in gpx.waypoints].count("Investigative lead") == 4
    assert (gpx.waypoints[0].latitude, gpx.waypoints[0].longitude) == (ZAGREB.latitude, ZAGREB.longitude)
    assert all(-180 <= point.longitude < 180 for point in gpx.waypoints)
    assert gpx.time == datetime.fromisoformat(case.info().changed_at)


def test_gpx_knows_no_180_degrees_east_and_no_exponents(tmp_path: Path) -> None:
    edge = make_analysis(Position(1e-7, 180.0), path=Path("/evidence/edge.jpg"))
    with varied_case(tmp_path / "case.gldcase") as changed:
        changed.record_analysis(edge)
        text = written(changed, "gpx", tmp_path).read_text(encoding="utf-8")

    assert '<wpt lat="0.0000001" lon="-180">' in text


# CASE/UCO


@pytest.fixture(scope="module")
def graph_path(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(case, "jsonld", tmp_path_factory.mktemp("graph"))


rdflib_warns = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""rdflib and the validator use what they have deprecated themselves."""


@rdflib_warns
def test_case_uco_conforms_to_the_ontology(graph_path: Path) -> None:
    result = validate_case(str(graph_path), allow_infos=False, allow_warnings=False)

    assert result.conforms, result.text
    assert result.undefined_concepts == set()


@rdflib_warns
def test_case_uco_holds_what_the_case_holds(graph_path: Path) -> None:
    graph = Graph()
    graph.parse(graph_path)
    observable = Namespace("https://ontology.unifiedcyberontology.org/uco/observable/")
    types = Namespace("https://ontology.unifiedcyberontology.org/uco/types/")
    investigation = Namespace("https://ontology.caseontology.org/case/investigation/")

    numbers = sorted(str(value) for value in graph.objects(None, investigation.exhibitNumber))
    assert numbers == ["1", "2", "3", "4", "5", "6"]
    assert len(set(graph.objects(None, types.hashValue))) == 5
    assert len(set(graph.subjects(None, observable.RasterPictureFacet))) == 5


def test_case_uco_keys_of_a_dictionary_differ(tmp_path: Path) -> None:
    record = make_record(Path("/evidence/twice.jpg"))
    twice = replace(record, exif=replace(record.exif, tags=(ExifTag("A", "1"), ExifTag("A", "2"))))
    with varied_case(tmp_path / "case.gldcase") as changed:
        changed.add_evidence(twice)
        text = written(changed, "jsonld", tmp_path).read_text(encoding="utf-8")

    assert '"uco-types:key":"A"' in text
    assert '"uco-types:key":"A (2)"' in text


def test_names_that_are_not_text_are_written_as_what_they_are(case: Case, tmp_path: Path) -> None:
    assert case.exhibit(3).path == Path(os.fsdecode(b"/evidence/caf\xe9 ") + "北極.jpg")

    row = rows_of(written(case, "csv", tmp_path))[2]

    assert row["file"] == "file-bytes:/evidence/caf%E9%20%E5%8C%97%E6%A5%B5.jpg"
