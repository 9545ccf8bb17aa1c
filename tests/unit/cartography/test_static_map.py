"""Printed maps: what is drawn where, anywhere on Earth."""

import math

import numpy as np
import pytest
import shapely

from geolocdesk.analysis import Analysis
from geolocdesk.cartography.drawing import Disc, Drawing, Label, Path
from geolocdesk.cartography.map_palette import LIGHT_MAP
from geolocdesk.cartography.map_sheet import MapSheet
from geolocdesk.cartography.printed_ground import ground_shapes
from geolocdesk.cartography.static_map import draw_maps
from geolocdesk.colours import LIGHT
from geolocdesk.geodesy import Position
from tests.doubles.analyses import FIJI, NORTH_POLE, SAO_PAULO, ZAGREB, make_analysis

SIDE = 240.0

anywhere = pytest.mark.parametrize(
    "position", [ZAGREB, FIJI, NORTH_POLE, SAO_PAULO, Position(-90.0, 0.0), Position(0.0, 180.0)]
)


def drawings(analysis: Analysis) -> tuple[Drawing, Drawing]:
    close, far = draw_maps(analysis, width=SIDE, height=SIDE)
    return close.drawing, far.drawing


def texts(drawing: Drawing) -> list[str]:
    return [
        shape.text.replace("\N{NO-BREAK SPACE}", " ") for shape in drawing.shapes if isinstance(shape, Label)
    ]


def filled(shapes: object, colour: str) -> shapely.Geometry:
    """Return what is filled with a colour, by the even-odd rule."""
    total: shapely.Geometry = shapely.Polygon()
    for shape in shapes if isinstance(shapes, (list, tuple)) else ():
        if isinstance(shape, Path) and shape.fill == colour:
            for line in shape.lines:
                total = shapely.symmetric_difference(total, shapely.make_valid(shapely.Polygon(line)))
    return total


@anywhere
def test_all_shapes_lie_on_or_hardly_beside_the_sheet(position: Position) -> None:
    for drawing in drawings(make_analysis(position)):
        lines = [line for shape in drawing.shapes if isinstance(shape, Path) for line in shape.lines]
        points = np.concatenate(lines)
        assert np.isfinite(points).all()
        assert points.min() >= -12.0
        assert points.max() <= SIDE + 12.0


@anywhere
def test_the_nearest_neighbours_are_numbered(position: Position) -> None:
    close, far = drawings(make_analysis(position, neighbours=20))

    for drawing in (close, far):
        shown = [text for text in texts(drawing) if text.isdecimal()]
        assert shown == [str(rank) for rank in range(1, len(shown) + 1)]
    assert len([text for text in texts(far) if text.isdecimal()]) >= 4


def test_numbered_discs_do_not_hide_each_other() -> None:
    close, _far = drawings(make_analysis(ZAGREB, neighbours=20))
    discs = [shape for shape in close.shapes if isinstance(shape, Disc) and shape.radius > 4.0]

    assert len(discs) == 10
    for index, first in enumerate(discs):
        for second in discs[:index]:
            assert math.dist((first.x, first.y), (second.x, second.y)) > 2.0 * first.radius


def test_rings_have_their_true_radius_on_paper() -> None:
    close, _far = drawings(make_analysis(ZAGREB))
    ring = next(
        shape
        for shape in close.shapes
        if isinstance(shape, Path) and shape.stroke == LIGHT.level(1) and not shape.closed
    )
    bar = [shape for shape in close.shapes if isinstance(shape, Path) and len(shape.lines[0]) == 4][-1].lines[
        0
    ]
    label = [shape for shape in close.shapes if isinstance(shape, Label)][-1]
    length_km = float(label.text.split("\N{NO-BREAK SPACE}")[0].replace(",", ""))
    points_per_km = float(bar[:, 0].max() - bar[:, 0].min()) / length_km

    radii = np.hypot(ring.lines[0][:, 0] - SIDE / 2.0, ring.lines[0][:, 1] - SIDE / 2.0)

    assert radii == pytest.approx(25.0 * points_per_km, abs=0.5)


def test_the_files_claim_is_marked_where_it_is() -> None:
    analysis = make_analysis(ZAGREB)
    sheet_claims = [
        shape
        for drawing in drawings(analysis)
        for shape in drawing.shapes
        if isinstance(shape, Path) and shape.fill == LIGHT.exif
    ]

    assert len(sheet_claims) == 2
    for claim in sheet_claims:
        assert claim.lines[0][:-1].mean(axis=0) == pytest.approx([SIDE / 2.0, SIDE / 2.0], abs=0.1)


def test_what_lies_outside_is_said() -> None:
    analysis = make_analysis(Position(0.0, 0.0), neighbours=100, seed=3)
    close, _far = draw_maps(analysis, width=SIDE, height=SIDE)

    assert any("outside this map" in remark for remark in close.remarks)


@pytest.mark.parametrize(
    ("centre", "is_land"),
    [
        (ZAGREB, True),
        (Position(30.0, -40.0), False),
        (Position(-85.0, 100.0), True),
        (Position(66.5, 180.0), True),
        (Position(66.5, -179.99), True),
        (Position(0.0, 180.0), False),
        (Position(89.0, 0.0), False),
        (Position(-25.0, 135.0), True),
    ],
)
@pytest.mark.parametrize("half_height_km", [300.0, 4000.0, 12_000.0])
def test_land_is_where_land_is(centre: Position, is_land: bool, half_height_km: float) -> None:
    sheet = MapSheet(centre, SIDE, SIDE, half_height_km)
    land = filled(ground_shapes(sheet), LIGHT_MAP.land)

    assert bool(shapely.contains(land, shapely.Point(SIDE / 2.0, SIDE / 2.0))) is is_land


@pytest.mark.parametrize(
    "centre", [ZAGREB, Position(-41.0, 174.0), Position(88.0, 0.0), Position(-88.0, 90.0)]
)
def test_far_lands_stay_right_side_out(centre: Position) -> None:
    """Land that holds the antipode must fill the map's rim, and no sea may turn into land by it."""
    sheet = MapSheet(centre, SIDE, SIDE, 12_000.0)
    land = filled(ground_shapes(sheet), LIGHT_MAP.land)
    probes = {
        Position(45.8, 15.97): True,
        Position(-25.0, 135.0): True,
        Position(60.0, 100.0): True,
        Position(0.0, -30.0): False,
        Position(-40.0, 80.0): False,
        Position(-83.0, 0.0): True,
    }
    for position, is_land in probes.items():
        spot = sheet.spot(position)
        if sheet.holds(*spot):
            assert bool(shapely.contains(land, shapely.Point(spot))) is is_land, position


def test_no_coast_is_drawn_along_the_date_line() -> None:
    sheet = MapSheet(Position(68.0, 180.0), SIDE, SIDE, 150.0)
    land = next(
        shape for shape in ground_shapes(sheet) if isinstance(shape, Path) and shape.fill == LIGHT_MAP.land
    )

    middle = SIDE / 2.0
    for line in land.lines:
        along = np.abs(line[:, 0] - middle) < 0.2
        assert not (along[:-1] & along[1:]).any()
