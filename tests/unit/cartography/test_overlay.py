"""What the map is told to draw."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from geolocdesk.cartography.frame import Frame
from geolocdesk.cartography.overlay import (
    BAND_MASSES,
    GREATEST_RADIUS_PX,
    LAYERS,
    LEAST_RADIUS_PX,
    overlay_of,
)
from geolocdesk.colours import DARK, LIGHT
from geolocdesk.estimation.location import LEVELS, Region, SphericalPolygon
from geolocdesk.geodesy import Position, geodesic_circle, great_circle_km
from tests.doubles.analyses import FIJI, NORTH_POLE, SAO_PAULO, ZAGREB, make_analysis

PLACES = pytest.mark.parametrize("place", [ZAGREB, FIJI, NORTH_POLE, SAO_PAULO], ids=str)


def nested(centre: Position, count: int = 5) -> list[Region]:
    masses = np.linspace(0.1, 0.95, count)
    return [
        Region(float(mass), 1.0, (SphericalPolygon(geodesic_circle(centre, 900.0 * float(mass))),))
        for mass in masses
    ]


@PLACES
def test_the_whole_is_json_without_any_loss(place: Position) -> None:
    overlay = overlay_of(make_analysis(place), bands=nested(place))
    assert json.loads(overlay.json_text) == json.loads(json.dumps(overlay.to_json()))
    assert set(overlay.layers) == set(LAYERS)
    for layer in overlay.layers.values():
        for entry in layer["features"]:
            assert entry["type"] == "Feature"
            is_beyond = place is NORTH_POLE and entry["geometry"]["type"] == "MultiLineString"
            assert is_beyond or not shapely.geometry.shape(entry["geometry"]).is_empty


@PLACES
def test_in_the_standard_frame_it_is_rfc_7946(place: Position) -> None:
    overlay = overlay_of(make_analysis(place), bands=nested(place), frame=Frame())
    for layer in overlay.layers.values():
        for entry in layer["features"]:
            points = shapely.get_coordinates(shapely.geometry.shape(entry["geometry"]))
            assert np.all(np.abs(points[:, 0]) <= 180.0)
            assert np.all(np.abs(points[:, 1]) <= 90.0)


@PLACES
def test_rings_are_geodesic_circles_round_their_level_s_answer(place: Position) -> None:
    analysis = make_analysis(place)
    rings = overlay_of(analysis).layers["rings"]["features"]
    assert [ring["properties"]["level"] for ring in rings] == [level.name for level in LEVELS]
    for ring, answer in zip(rings, analysis.estimate.levels, strict=True):
        points = shapely.get_coordinates(shapely.geometry.shape(ring["geometry"]))
        clear = np.abs(points[:, 1]) < 89.9
        apart = great_circle_km(
            points[:, 1], points[:, 0], answer.position.latitude, answer.position.longitude
        )
        assert np.allclose(apart[clear], answer.level.radius_km, rtol=2e-3, atol=1e-3)


def test_bands_are_painted_from_the_widest_to_the_narrowest() -> None:
    bands = overlay_of(make_analysis(ZAGREB), bands=nested(ZAGREB)).layers["density"]["features"]
    masses = [band["properties"]["mass"] for band in bands]
    assert masses == sorted(masses, reverse=True)
    areas = [shapely.geometry.shape(band["geometry"]).area for band in bands]
    assert areas == sorted(areas, reverse=True)
    assert set(bands[0]["properties"]["colours"]) == {LIGHT.name, DARK.name}


def test_markers_grow_with_weight_and_the_heaviest_comes_last() -> None:
    analysis = make_analysis(ZAGREB)
    marks = [entry["properties"] for entry in overlay_of(analysis).layers["neighbours"]["features"]]
    weights = [mark["weight"] for mark in marks]
    radii = [mark["radius_px"] for mark in marks]
    assert weights == sorted(weights)
    assert radii == sorted(radii)
    assert radii[-1] == GREATEST_RADIUS_PX
    assert min(radii) >= LEAST_RADIUS_PX
    assert marks[-1]["rank"] == 1
    assert sum(weights) == pytest.approx(1.0)


def test_neighbours_beyond_k_are_not_drawn() -> None:
    analysis = make_analysis(ZAGREB, neighbours=20)
    weights = analysis.estimate.weights[:7].copy()
    fewer = dataclasses.replace(analysis, estimate=dataclasses.replace(analysis.estimate, weights=weights))
    assert len(overlay_of(fewer).layers["neighbours"]["features"]) == 7


def test_texts_of_a_pack_are_made_visible() -> None:
    analysis = make_analysis(ZAGREB)
    items = analysis.neighbours.items
    sly = dataclasses.replace(items[0], reference=dataclasses.replace(items[0].reference, place="a\u202eb"))
    neighbours = dataclasses.replace(analysis.neighbours, items=(sly, *items[1:]))
    overlay = overlay_of(dataclasses.replace(analysis, neighbours=neighbours))
    assert "\u202e" not in overlay.json_text
    assert "a⟨U+202E⟩b" in overlay.json_text


def test_without_exif_nothing_claims_a_position() -> None:
    overlay = overlay_of(make_analysis(ZAGREB, bare=True))
    assert overlay.layers["exif"]["features"] == []
    assert overlay.legend["exif"] == ""
    assert all("rank" in link["properties"] for link in overlay.layers["links"]["features"])


def test_the_claim_is_said_not_to_count() -> None:
    [claim] = overlay_of(make_analysis(ZAGREB)).layers["exif"]["features"]
    assert "not used for the answer" in " ".join(claim["properties"]["lines"])


def test_uncalibrated_probabilities_are_called_so() -> None:
    rings = overlay_of(make_analysis(ZAGREB, bare=True)).layers["rings"]["features"]
    assert all(ring["properties"]["text"].endswith("not calibrated") for ring in rings)


@PLACES
def test_boxes_hold_what_they_are_named_after(place: Position) -> None:
    analysis = make_analysis(place)
    overlay = overlay_of(analysis)
    assert set(overlay.bounds) == {"answer", "everything", *(level.name for level in LEVELS)}
    west, south, east, north = overlay.bounds["everything"]
    for mark in overlay.layers["neighbours"]["features"]:
        longitude, latitude = mark["geometry"]["coordinates"]
        assert west <= longitude <= east
        assert south <= latitude <= north
    for box in overlay.bounds.values():
        assert box[0] < box[2]
        assert box[1] < box[3]


def test_an_answer_on_the_date_line_stays_whole() -> None:
    overlay = overlay_of(make_analysis(FIJI))
    assert overlay.frame.centre_longitude == FIJI.longitude
    west, _, east, _ = overlay.bounds["answer"]
    assert east - west < 10.0
    for ring in overlay.layers["rings"]["features"]:
        assert len(ring["geometry"]["coordinates"]) == 1


def test_what_web_mercator_cannot_show_is_marked() -> None:
    overlay = overlay_of(make_analysis(NORTH_POLE))
    assert "85°" in overlay.legend["notice"]
    beyond = [mark["properties"]["beyond"] for mark in overlay.layers["neighbours"]["features"]]
    assert any(beyond)
    assert overlay_of(make_analysis(ZAGREB)).legend["notice"] == ""


def test_lines_end_at_the_map_s_edge() -> None:
    overlay = overlay_of(make_analysis(NORTH_POLE))
    for layer in ("rings", "regions"):
        for entry in overlay.layers[layer]["features"]:
            points = shapely.get_coordinates(shapely.geometry.shape(entry["geometry"]))
            assert np.all(np.abs(points[:, 1]) <= 85.06)
    assert overlay.layers["rings"]["features"][0]["geometry"]["coordinates"] == []


def test_band_masses_rise_to_nearly_all() -> None:
    assert list(BAND_MASSES) == sorted(set(BAND_MASSES))
    assert BAND_MASSES[0] > 0.0
    assert BAND_MASSES[-1] < 1.0


def test_the_same_analysis_gives_the_same_bytes() -> None:
    first = overlay_of(make_analysis(ZAGREB, path=Path("a.jpg")), bands=nested(ZAGREB))
    second = overlay_of(make_analysis(ZAGREB, path=Path("a.jpg")), bands=nested(ZAGREB))
    assert first.json_text == second.json_text
