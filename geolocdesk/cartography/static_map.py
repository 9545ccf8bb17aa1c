"""A printed map of one analysis, as vector shapes: crisp at any size, without the web view.

Drawn in the azimuthal equidistant projection round the answer, so that distances and directions from the answer
are true on paper and neither the date line nor a pole is in the way.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geolocdesk.analysis import Analysis
from geolocdesk.cartography.drawing import Disc, Drawing, Label, Path, Shape
from geolocdesk.cartography.map_palette import LIGHT_MAP
from geolocdesk.cartography.map_sheet import MapSheet
from geolocdesk.cartography.printed_ground import LabelBoxes, ground_shapes, name_shapes
from geolocdesk.cartography.ramp import surface_paints
from geolocdesk.colours import LEVEL_DASHES, LIGHT
from geolocdesk.estimation.carriers import find_carriers
from geolocdesk.estimation.location import LEVELS, LevelAnswer, Region
from geolocdesk.estimation.surface import answer_surface
from geolocdesk.geodesy import (
    HALF_CIRCUMFERENCE_KM,
    KM_PER_DEGREE,
    Position,
    geodesic_circle,
    great_circle_km,
)
from geolocdesk.quantities import count_text, distance_text, radius_text, share_text
from geolocdesk.unavailable import Unavailable

NUMBERED_NEIGHBOURS = 10
_CLOSE_LEAST_KM, _CLOSE_MOST_KM = 40.0, 300.0
_FAR_MOST_KM = 12_000.0
_ROOM = 1.12
_BAR_SHARE = 0.3
_HAIR = 0.5
_DISC_RADIUS = 4.2
_CROSS_RADIUS = 9.0
_PRINTED_OPACITY = 0.48
"""Paper takes less colour than a screen before what lies below is hard to read."""

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class StaticMap:
    """A map with what has to be said beside it."""

    drawing: Drawing
    title: str
    remarks: tuple[str, ...]
    """What lies outside the map."""


def surface_of(analysis: Analysis) -> tuple[Region, ...]:
    """Return the nested regions from which the density of an analysis is drawn."""
    return answer_surface(analysis.neighbours, analysis.estimate)


def draw_maps(
    analysis: Analysis, *, width: float, height: float, surface: Sequence[Region] | None = None
) -> tuple[StaticMap, StaticMap]:
    """Return the surroundings of the answer, and all that speaks for or against it, each of a size in points."""
    bands = surface_of(analysis) if surface is None else surface
    answer = analysis.estimate.position
    close_km = _close_half_height_km(analysis)
    far_km = max(_far_half_height_km(analysis, width / height), 3.0 * close_km)
    return (
        _draw(analysis, bands, MapSheet(answer, width, height, close_km), "Round the answer"),
        _draw(analysis, bands, MapSheet(answer, width, height, min(far_km, _FAR_MOST_KM)), "Wider view"),
    )


def _close_half_height_km(analysis: Analysis) -> float:
    cores = [region for region in analysis.estimate.regions if region.mass <= 0.5 and region.area_km2 > 0.0]
    area_km2 = cores[0].area_km2 / max(len(cores[0].parts), 1) if cores else 0.0
    return float(np.clip(_ROOM * math.sqrt(area_km2 / math.pi), _CLOSE_LEAST_KM, _CLOSE_MOST_KM))


def _far_half_height_km(analysis: Analysis, shape: float) -> float:
    """Return what shows the 90 % region, the neighbours the answer rests on, and the file's own claim."""
    answer = analysis.estimate.position
    places = [
        (float(latitude), float(longitude))
        for region in analysis.estimate.regions
        for part in region.parts
        for latitude, longitude in part.exterior[::8]
    ]
    carriers = find_carriers(analysis.neighbours, analysis.estimate)
    places += [
        _degrees(item.reference.position) for item in analysis.neighbours.items if item.rank in carriers
    ]
    claimed = analysis.evidence.exif.position
    if not isinstance(claimed, Unavailable):
        places.append(_degrees(claimed))
    found = np.array(places)
    farthest = great_circle_km(answer.latitude, answer.longitude, found[:, 0], found[:, 1]).max()
    return float(farthest) * _ROOM / min(shape, 1.0)


def _draw(analysis: Analysis, bands: Sequence[Region], sheet: MapSheet, title: str) -> StaticMap:
    boxes = LabelBoxes(sheet)
    markers = list(_markers(analysis, sheet, boxes))
    rings = list(_rings(analysis.estimate.levels, sheet, boxes))
    names = name_shapes(sheet, boxes)
    shapes: list[Shape] = [
        *ground_shapes(sheet),
        *_graticule(sheet),
        *_density(bands, sheet),
        *_regions(analysis.estimate.regions, sheet),
        *names,
        *rings,
        *markers,
        *_scale_bar(sheet),
        *_frame(sheet),
    ]
    return StaticMap(
        Drawing(sheet.width, sheet.height, tuple(shapes)), title, tuple(_remarks(analysis, sheet))
    )


def _density(bands: Sequence[Region], sheet: MapSheet) -> Iterator[Shape]:
    import shapely

    ordered = sorted(bands, key=lambda band: -band.mass)
    for band, paint in zip(ordered, surface_paints(LIGHT.density, len(ordered)), strict=True):
        area = shapely.transform(sheet.projection.area(band.parts), sheet.place)
        if rings := sheet.polygons([area]):
            yield Path(rings, fill=paint.colour, fill_opacity=paint.opacity * _PRINTED_OPACITY)


def _regions(regions: Sequence[Region], sheet: MapSheet) -> Iterator[Shape]:
    for region in regions:
        rings = [ring for part in region.parts for ring in (part.exterior, *part.holes)]
        lines = tuple(line for ring in rings for line in sheet.outline(sheet.projection.line(ring)))
        if lines:
            dashes = () if region.mass <= 0.5 else (4.0, 2.0)
            yield Path(lines, closed=False, stroke=LIGHT.density[-1], stroke_width=0.9, dashes=dashes)


def _rings(levels: Sequence[LevelAnswer], sheet: MapSheet, boxes: LabelBoxes) -> Iterator[Shape]:
    smallest_km, largest_km = 3.0 / sheet.points_per_km, 4.0 * sheet.half_height_km
    for answer in levels:
        if not smallest_km < answer.level.radius_km < min(largest_km, HALF_CIRCUMFERENCE_KM):
            continue
        index = [level.name for level in LEVELS].index(answer.level.name)
        colour = LIGHT.level(index)
        ring = geodesic_circle(answer.position, answer.level.radius_km)
        plane = sheet.projection.line(ring)
        lines = sheet.outline(plane)
        if not lines:
            continue
        dashes = tuple(0.4 * length for length in LEVEL_DASHES[index])
        yield Path(lines, closed=False, stroke=LIGHT_MAP.casing, stroke_width=2.0)
        yield Path(lines, closed=False, stroke=colour, stroke_width=1.0, dashes=dashes)
        yield from _ring_label(radius_text(answer.level.radius_km), colour, sheet.place(plane), boxes)


def _ring_label(text: str, colour: str, ring: np.ndarray, boxes: LabelBoxes) -> Iterator[Shape]:
    """Yield the ring's radius at the first of its points where there is room, the northernmost one first."""
    order = np.argsort(-ring[:, 1], kind="stable")[:: max(len(ring) // 60, 1)]
    for x, y in ring[order]:
        label = Label(float(x), float(y) - 2.2, text, 6.2, colour, is_bold=True, halo=LIGHT_MAP.casing)
        if boxes.place(label):
            yield label
            return


def _markers(analysis: Analysis, sheet: MapSheet, boxes: LabelBoxes) -> Iterator[Shape]:
    """Yield the neighbours, the first ones as numbered discs, then the file's claim and the answer."""
    answer = sheet.spot(analysis.estimate.position)
    neighbours = analysis.neighbours
    spots: list[Spot] = [
        (x, y) for x, y in sheet.spots(neighbours.latitudes(), neighbours.longitudes()).tolist()
    ]
    for x, y in spots[NUMBERED_NEIGHBOURS:]:
        if sheet.holds(x, y):
            yield Disc(x, y, 1.5, LIGHT.neighbour, LIGHT_MAP.casing, 0.4)
    boxes.block(*answer, _CROSS_RADIUS)
    taken = [answer]
    numbered = [
        (rank, spot) for rank, spot in enumerate(spots[:NUMBERED_NEIGHBOURS], start=1) if sheet.holds(*spot)
    ]
    for _rank, spot in numbered:
        taken.append(_free_spot(spot, taken, sheet))
        boxes.block(*taken[-1], _DISC_RADIUS)
        yield from _leader(spot, taken[-1])
    for (rank, _spot), (x, y) in zip(numbered, taken[1:], strict=True):
        yield Disc(x, y, _DISC_RADIUS, LIGHT.neighbour, LIGHT_MAP.casing, 0.7)
        yield Label(x, y - 1.9, str(rank), 5.4, LIGHT.on_accent, is_bold=True)
    claimed = analysis.evidence.exif.position
    if not isinstance(claimed, Unavailable) and sheet.shows(claimed):
        yield from _claim(*sheet.spot(claimed), boxes)
    yield from _cross(*answer)


def _free_spot(spot: Spot, taken: Sequence[Spot], sheet: MapSheet) -> Spot:
    """Return the spot, or one near it where a disc hides no other one and not the answer."""
    for ring in range(6):
        for turn in range(max(8 * ring, 1)):
            angle = 2.0 * math.pi * turn / max(8 * ring, 1) + math.pi / 4.0
            x, y = spot[0] + 10.0 * ring * math.cos(angle), spot[1] + 10.0 * ring * math.sin(angle)
            clear = all(math.dist((x, y), other) > 2.0 * _DISC_RADIUS + 0.6 for other in taken[1:])
            if clear and math.dist((x, y), taken[0]) > _CROSS_RADIUS + _DISC_RADIUS and sheet.holds(x, y):
                return x, y
    return spot


def _leader(spot: Spot, shown_at: Spot) -> Iterator[Shape]:
    """Yield the neighbour's true place and a line to its disc, where that stands beside it."""
    if shown_at != spot:
        leader = np.array([spot, shown_at], dtype=np.float32)
        yield Path((leader,), closed=False, stroke=LIGHT_MAP.casing, stroke_width=1.4)
        yield Path((leader,), closed=False, stroke=LIGHT.neighbour, stroke_width=0.6)
        yield Disc(*spot, 1.5, LIGHT.neighbour, LIGHT_MAP.casing, 0.4)


def _claim(x: float, y: float, boxes: LabelBoxes) -> Iterator[Shape]:
    diamond = np.array([(x, y + 5), (x + 5, y), (x, y - 5), (x - 5, y), (x, y + 5)], dtype=np.float32)
    boxes.block(x, y, 5.0)
    yield Path((diamond,), fill=LIGHT.exif, stroke=LIGHT_MAP.casing, stroke_width=0.8)
    label = Label(x + 6.5, y - 2.2, "EXIF", 6.2, LIGHT.exif, "start", is_bold=True, halo=LIGHT_MAP.casing)
    if boxes.place(label):
        yield label


def _cross(x: float, y: float) -> Iterator[Shape]:
    arms = tuple(
        np.array([(x + dx * 2.2, y + dy * 2.2), (x + dx * 9.0, y + dy * 9.0)], dtype=np.float32)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
    )
    yield Path(arms, closed=False, stroke=LIGHT_MAP.casing, stroke_width=2.8)
    yield Path(arms, closed=False, stroke=LIGHT.query, stroke_width=1.3)
    yield Disc(x, y, 1.4, LIGHT.query, LIGHT_MAP.casing, 0.5)


def _graticule(sheet: MapSheet) -> Iterator[Shape]:
    """Yield meridians and parallels at round steps, some four to eight across the sheet."""
    wanted_deg = 2.0 * sheet.half_height_km / KM_PER_DEGREE / 5.0
    reach_deg = math.degrees(sheet.reach_rad)
    centre = sheet.centre
    south, north = max(centre.latitude - reach_deg, -90.0), min(centre.latitude + reach_deg, 90.0)
    shrink = math.cos(math.radians(centre.latitude))
    holds_pole = north >= 90.0 or south <= -90.0
    wide = 180.0 if holds_pole else math.degrees(math.asin(min(math.sin(sheet.reach_rad) / shrink, 1.0)))
    step = _round_step(wanted_deg)
    step_across = 30.0 if holds_pole else _round_step(wanted_deg / shrink)
    lines = []
    for latitude in np.arange(math.ceil(south / step), math.floor(north / step) + 1) * step:
        if abs(latitude) < 90.0:
            across = np.linspace(centre.longitude - wide, centre.longitude + wide, 181)
            lines.append(sheet.projection.line(np.column_stack([np.full_like(across, latitude), across])))
    first, last = (
        math.ceil((centre.longitude - wide) / step_across),
        math.floor((centre.longitude + wide) / step_across),
    )
    for longitude in np.arange(first, last + 1) * step_across:
        along = np.linspace(max(south, -90.0 + step), min(north, 90.0 - step), 60)
        lines.append(sheet.projection.line(np.column_stack([along, np.full_like(along, longitude)])))
    cut = tuple(piece for line in lines for piece in sheet.outline(line))
    if cut:
        yield Path(cut, closed=False, stroke=LIGHT_MAP.graticule, stroke_width=0.2)


def _round_step(degrees: float) -> float:
    """Return the largest round step that is no larger, or the smallest there is."""
    return next((step for step in (30.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2) if step <= degrees), 0.1)


def _scale_bar(sheet: MapSheet) -> Iterator[Shape]:
    most_km = sheet.width * _BAR_SHARE / sheet.points_per_km
    power = 10.0 ** math.floor(math.log10(most_km))
    length_km = next(factor * power for factor in (5.0, 2.0, 1.0) if factor * power <= most_km)
    length = length_km * sheet.points_per_km
    left, bottom = 6.0, 7.0
    box = np.array([(left - 3, bottom - 3.5), (left + length + 3, bottom - 3.5), (left + length + 3, bottom + 11),
                    (left - 3, bottom + 11), (left - 3, bottom - 3.5)], dtype=np.float32)  # fmt: skip
    bar = np.array(
        [(left, bottom + 2.4), (left, bottom), (left + length, bottom), (left + length, bottom + 2.4)]
    )
    yield Path((box,), fill=LIGHT_MAP.casing, fill_opacity=0.82)
    yield Path((bar.astype(np.float32),), closed=False, stroke=LIGHT.text, stroke_width=0.9)
    yield Label(left + length / 2.0, bottom + 3.6, radius_text(length_km), 6.2, LIGHT.text)


def _frame(sheet: MapSheet) -> Iterator[Shape]:
    edge = np.array([(0, 0), (sheet.width, 0), (sheet.width, sheet.height), (0, sheet.height), (0, 0)])
    yield Path((edge.astype(np.float32),), stroke=LIGHT.outline, stroke_width=_HAIR)


def _remarks(analysis: Analysis, sheet: MapSheet) -> Iterator[str]:
    neighbours = analysis.neighbours
    spots = sheet.spots(neighbours.latitudes(), neighbours.longitudes()).tolist()
    outside = [item for item, spot in zip(neighbours.items, spots, strict=True) if not sheet.holds(*spot)]
    if outside:
        weights = analysis.estimate.weights
        share = sum(float(weights[item.rank - 1]) for item in outside if item.rank <= len(weights))
        verb = "lies" if len(outside) == 1 else "lie"
        yield f"{count_text(len(outside), 'neighbour')} ({share_text(share)} of the weight) {verb} outside this map."
    claimed = analysis.evidence.exif.position
    if not isinstance(claimed, Unavailable) and not sheet.shows(claimed):
        apart = great_circle_km(*_degrees(analysis.estimate.position), *_degrees(claimed))
        yield f"The EXIF position lies outside this map, {distance_text(float(apart))} from the answer."


def _degrees(position: Position) -> tuple[float, float]:
    return position.latitude, position.longitude
