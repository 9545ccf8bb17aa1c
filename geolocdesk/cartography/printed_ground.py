"""The ground of a printed map: land, lakes, boundary lines, names. Natural Earth and GeoNames, as on the screen."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.atlas.world import load_world
from geolocdesk.cartography.azimuthal import plane_area, round_the_rim
from geolocdesk.cartography.drawing import Label, Line, Path, Shape
from geolocdesk.cartography.gazetteer import load_gazetteer
from geolocdesk.cartography.map_palette import LIGHT_MAP
from geolocdesk.cartography.map_sheet import MapSheet
from geolocdesk.geodesy import EARTH_RADIUS_KM, KM_PER_DEGREE, unit_vectors

if TYPE_CHECKING:
    from shapely import Geometry

ATTRIBUTION = "Ground: Natural Earth (public domain). Places: GeoNames (CC BY 4.0)."

_CITY_SIZE = 5.6
_COUNTRY_SIZE = 6.2
_WIDTH_PER_SIZE = 0.57
"""A letter's mean width, as a share of the type size."""
_MOST_CITIES = 14
_MOST_COUNTRIES = 16
_PATCH_PT = 42.0
"""No two towns are named in the same square of this side."""
_CITIES_CONSIDERED = 60_000
_SEAM_PT = 0.25
_SMALLEST_RADIUS_PT = 0.2
_DETAILS_DEG = (0.012, 0.04, 0.12)
_FAR_KM = 250.0
"""So far outside a sheet nothing can be seen of an outline, and every so many-th vertex will do."""
_FAR_STEP = 16


@dataclass(frozen=True, slots=True, eq=False)
class _Outlines:
    """Lines of longitude and latitude, ready to be projected: all vertices in one array."""

    vectors: NDArray[np.float64]
    first: NDArray[np.intp]
    """The first vertex of each line, and the end."""
    middles: NDArray[np.float64]
    """A unit vector amid each line."""
    radii_rad: NDArray[np.float64]
    """How far the line's vertices are from its middle, at most."""

    def within(self, sheet: MapSheet) -> NDArray[np.intp]:
        """Return the lines that may reach into the sheet and are large enough to be seen."""
        centre = unit_vectors(sheet.centre.latitude, sheet.centre.longitude)
        apart = np.arccos(np.clip(self.middles @ centre, -1.0, 1.0))
        is_visible = self.radii_rad * EARTH_RADIUS_KM * sheet.points_per_km > _SMALLEST_RADIUS_PT
        return np.flatnonzero((apart <= self.radii_rad + sheet.reach_rad) & is_visible)

    def placed(self, sheet: MapSheet, rows: NDArray[np.intp]) -> Iterator[NDArray[np.float64]]:
        """Yield lines on the sheet, in points; far outside the sheet with only some of their vertices."""
        if len(rows) == 0:
            return
        lengths = self.first[rows + 1] - self.first[rows]
        starts = np.cumsum(lengths) - lengths
        chosen = np.repeat(self.first[rows] - starts, lengths) + np.arange(lengths.sum())
        vectors = self.vectors[chosen]
        centre = unit_vectors(sheet.centre.latitude, sheet.centre.longitude)
        within = sheet.reach_rad + _FAR_KM / EARTH_RADIUS_KM
        keep = vectors @ centre >= math.cos(min(within, math.pi))
        keep[::_FAR_STEP] = True
        keep[starts] = keep[starts + lengths - 1] = True
        points = sheet.projection.vectors(vectors[keep])
        kept = np.add.reduceat(keep, starts)
        for line in np.split(points, np.cumsum(kept)[:-1]):
            yield sheet.place(round_the_rim(line))


@cache
def _land(detail_deg: float) -> tuple[_Outlines, NDArray[np.bool_]]:
    """Return the outlines of all land without the borders on it, and which are cut by the date line."""
    import shapely

    # the few holes are no sea: lakes and enclaves that the merging left open
    outer = shapely.get_exterior_ring(_merged_land())
    west, _south, east, _north = shapely.bounds(outer).T
    return _outlines(shapely.simplify(outer, detail_deg)), (west <= -180.0) | (east >= 180.0)


@cache
def _merged_land() -> NDArray[Any]:
    import shapely

    merged = shapely.get_parts(shapely.coverage_union_all(load_world().country_parts))
    return np.asarray(merged[shapely.get_type_id(merged) == shapely.GeometryType.POLYGON])


@cache
def _lakes(detail_deg: float) -> _Outlines:
    import shapely

    return _outlines(shapely.simplify(shapely.get_exterior_ring(load_world().lakes), detail_deg))


@cache
def _borders(detail_deg: float) -> tuple[_Outlines, NDArray[np.bool_]]:
    import shapely

    world = load_world()
    return _outlines(shapely.simplify(world.borders, detail_deg)), world.border_disputed


def _detail_deg(sheet: MapSheet) -> float:
    """Return how much of the outlines' detail may be lost on a sheet, one of few values so that each is kept."""
    visible_deg = 0.15 / sheet.points_per_km / KM_PER_DEGREE
    return max((detail for detail in _DETAILS_DEG if detail <= visible_deg), default=0.0)


def _outlines(lines: NDArray[Any]) -> _Outlines:
    import shapely

    points, owner = shapely.get_coordinates(lines, return_index=True)
    first = np.searchsorted(owner, np.arange(len(lines) + 1))
    vectors = unit_vectors(points[:, 1], points[:, 0])
    sums = np.add.reduceat(vectors, first[:-1])
    middles = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    cosines = np.einsum("ij,ij->i", vectors, middles[owner])
    radii = np.arccos(np.clip(np.minimum.reduceat(cosines, first[:-1]), -1.0, 1.0))
    return _Outlines(vectors, first, middles, radii)


def ground_shapes(sheet: MapSheet) -> list[Shape]:
    """Return sea, land, lakes and boundary lines."""
    colours = LIGHT_MAP
    frame = np.array([(0, 0), (sheet.width, 0), (sheet.width, sheet.height), (0, sheet.height), (0, 0)])
    land, lakes = _land_rings(sheet), _lake_rings(sheet)
    shapes: list[Shape] = [Path((frame.astype(np.float32),), fill=colours.sea)]
    if land:
        shapes.append(Path(land, fill=colours.land, stroke=colours.coast, stroke_width=0.45))
    if lakes:
        shapes.append(Path(lakes, fill=colours.sea, stroke=colours.coast, stroke_width=0.3))
    for disputed, colour, dashes in ((False, colours.border, ()), (True, colours.disputed, (2.0, 1.5))):
        lines = _border_lines(sheet, disputed=disputed)
        if lines:
            shapes.append(Path(lines, closed=False, stroke=colour, stroke_width=0.5, dashes=dashes))
    return shapes


def _land_rings(sheet: MapSheet) -> tuple[Line, ...]:
    import shapely

    outlines, is_cut = _land(_detail_deg(sheet))
    rows = outlines.within(sheet)
    holder = _holder_of_antipode(sheet)
    whole: list[Geometry] = []
    seamed: list[Geometry] = []
    for row, ring in zip(rows, outlines.placed(sheet, rows), strict=True):
        if row in holder:
            middle = (sheet.width / 2.0, sheet.height / 2.0)
            area = plane_area([(ring - middle) / sheet.points_per_km], holds_antipode=True)
            seamed.append(shapely.transform(area, sheet.place))
        else:
            (seamed if is_cut[row] else whole).append(shapely.Polygon(ring))
    if seamed:
        # what the date line and the pole cut is joined again, so that no coast is drawn there
        grown = shapely.buffer(sheet.cut(seamed), _SEAM_PT)
        whole.append(shapely.buffer(shapely.union_all(grown), -_SEAM_PT))
    return sheet.polygons(whole) if whole else ()


def _holder_of_antipode(sheet: MapSheet) -> set[int]:
    """Return the land that the centre's antipode lies on, if any."""
    import shapely

    if sheet.reach_rad < math.pi / 2.0:
        return set()
    antipode = sheet.projection.antipode
    world = load_world()
    if (
        len(world.tree.query(shapely.Point(antipode.longitude, antipode.latitude), predicate="intersects"))
        == 0
    ):
        return set()
    outlines, _cut = _land(_detail_deg(sheet))
    away = unit_vectors(antipode.latitude, antipode.longitude)
    for row in np.flatnonzero(np.arccos(np.clip(outlines.middles @ away, -1.0, 1.0)) <= outlines.radii_rad):
        vectors = outlines.vectors[outlines.first[row] : outlines.first[row + 1]]
        longitude = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0]))
        ring = np.column_stack([longitude, np.degrees(np.arcsin(np.clip(vectors[:, 2], -1.0, 1.0)))])
        if shapely.make_valid(shapely.Polygon(ring)).intersects(
            shapely.Point(antipode.longitude, antipode.latitude)
        ):
            return {int(row)}
    return set()


def _lake_rings(sheet: MapSheet) -> tuple[Line, ...]:
    import shapely

    outlines = _lakes(_detail_deg(sheet))
    rings = list(outlines.placed(sheet, outlines.within(sheet)))
    return sheet.polygons([shapely.Polygon(ring) for ring in rings]) if rings else ()


def _border_lines(sheet: MapSheet, *, disputed: bool) -> tuple[Line, ...]:
    import shapely

    outlines, is_disputed = _borders(_detail_deg(sheet))
    rows = outlines.within(sheet)
    lines = list(outlines.placed(sheet, rows[is_disputed[rows] == disputed]))
    return sheet.lines([shapely.LineString(line) for line in lines]) if lines else ()


class LabelBoxes:
    """Keeps names from being written over each other."""

    def __init__(self, sheet: MapSheet) -> None:
        self._sheet = sheet
        self._boxes: list[tuple[float, float, float, float]] = []

    def block(self, x: float, y: float, radius: float) -> None:
        """Keep a square round a marker free."""
        self._boxes.append((x - radius, y - radius, x + radius, y + radius))

    def place(self, label: Label) -> bool:
        """Return whether there is room for a label, and keep it if so."""
        width = len(label.text) * label.size * _WIDTH_PER_SIZE
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor] * width
        left, bottom = label.x - shift, label.y - 0.25 * label.size
        box = (left, bottom, left + width, bottom + label.size)
        sheet = self._sheet
        if left < 3.0 or bottom < 3.0 or box[2] > sheet.width - 3.0 or box[3] > sheet.height - 3.0:
            return False
        if any(_overlap(box, other) for other in self._boxes):
            return False
        self._boxes.append(box)
        return True


def _overlap(first: tuple[float, float, float, float], second: tuple[float, float, float, float]) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def name_shapes(sheet: MapSheet, boxes: LabelBoxes) -> list[Shape]:
    """Return the names of countries and of the most populous places, as many as there is room for."""
    return [*_country_names(sheet, boxes), *_city_names(sheet, boxes)]


def _country_names(sheet: MapSheet, boxes: LabelBoxes) -> Iterator[Shape]:
    countries = sorted(load_world().countries, key=lambda country: (country.label_rank, country.name))
    places = sheet.spots(
        [country.label_latitude for country in countries], [country.label_longitude for country in countries]
    )
    zoom = _screen_zoom(sheet)
    shown = 0
    for country, (x, y) in zip(countries, places.tolist(), strict=True):
        if shown >= _MOST_COUNTRIES or country.label_zoom > zoom or not sheet.holds(x, y):
            continue
        size, colour = _COUNTRY_SIZE, LIGHT_MAP.country_label
        label = Label(x, y, country.short_name.upper(), size, colour, halo=LIGHT_MAP.halo)
        if boxes.place(label):
            shown += 1
            yield label


def _screen_zoom(sheet: MapSheet) -> float:
    """Return the Web Mercator zoom at which a screen shows the equator at the sheet's scale."""
    km_per_pixel = 0.75 / sheet.points_per_km
    return math.log2(2.0 * math.pi * EARTH_RADIUS_KM / (256.0 * km_per_pixel))


def _city_names(sheet: MapSheet, boxes: LabelBoxes) -> Iterator[Shape]:
    gazetteer = load_gazetteer()
    rows = _cities_within(sheet)
    places = sheet.spots(gazetteer.latitude[rows], gazetteer.longitude[rows])
    for row, (x, y) in zip(rows, places.tolist(), strict=True):
        name = gazetteer.names[row]
        label = Label(
            x + 2.4, y - 1.8, name, _CITY_SIZE, LIGHT_MAP.city_label, anchor="start", halo=LIGHT_MAP.halo
        )
        if boxes.place(label):
            yield _dot(x, y)
            yield label


def _cities_within(sheet: MapSheet) -> list[int]:
    """Return the rows of places on the sheet, spread over it: the largest of each patch, large ones first."""
    rows, vectors = _cities()
    centre = unit_vectors(sheet.centre.latitude, sheet.centre.longitude)
    near = vectors @ centre >= math.cos(sheet.reach_rad)
    points = sheet.place(sheet.projection.vectors(vectors[near]))
    inside = ((points > 4.0) & (points < (sheet.width - 4.0, sheet.height - 4.0))).all(axis=1)
    rows, points = rows[near][inside], points[inside]
    patch = np.floor(points / _PATCH_PT).astype(np.int64)
    _, first = np.unique(patch[:, 0] * 1000 + patch[:, 1], return_index=True)
    chosen = np.sort(first)[:_MOST_CITIES]
    return [int(row) for row in rows[chosen]]


@cache
def _cities() -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the most populous places' rows, the largest first, and their unit vectors."""
    gazetteer = load_gazetteer()
    rows = np.argsort(-gazetteer.population, kind="stable")[:_CITIES_CONSIDERED]
    return rows, unit_vectors(gazetteer.latitude[rows], gazetteer.longitude[rows])


def _dot(x: float, y: float) -> Path:
    angles = np.linspace(0.0, 2.0 * math.pi, 13)
    ring = np.column_stack([x + 0.9 * np.cos(angles), y + 0.9 * np.sin(angles)]).astype(np.float32)
    return Path((ring,), fill=LIGHT_MAP.city_label)
