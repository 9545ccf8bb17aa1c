"""What the map shows of one analysis: GeoJSON with every text, colour share and box worked out beforehand.

Drawn by the map page and by ``static_map`` alike; neither computes anything of its own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from geolocdesk.analysis import Analysis
from geolocdesk.cartography.frame import (
    Bounds,
    Frame,
    GeoJson,
    collection,
    feature,
    joined_bounds,
    point_geometry,
)
from geolocdesk.cartography.map_palette import map_palette
from geolocdesk.cartography.ramp import surface_colours, surface_paints
from geolocdesk.colours import DARK, LIGHT
from geolocdesk.estimation.cells import cell_parts
from geolocdesk.estimation.location import (
    LEVELS,
    CellProbabilities,
    LevelAnswer,
    LocationEstimate,
    Region,
    SphericalPolygon,
)
from geolocdesk.geodesy import (
    Position,
    destination,
    geodesic_circle,
    great_circle_km,
    great_circles,
    normalise_longitude,
    rectangle_areas_km2,
)
from geolocdesk.quantities import area_text, distance_text, radius_text, share_text
from geolocdesk.reference.neighbours import Neighbour, ReferencePhoto
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text

LAYERS = ("density", "cells", "regions", "rings", "links", "neighbours", "exif", "answers")
"""The overlay's layers from the lowest to the highest."""

BAND_MASSES = (0.03, 0.06, *(step / 20 for step in range(2, 20)), 0.97, 0.985)
"""The nested regions that make the density look smooth, for ``estimation.region.density_surface``."""

LEAST_RADIUS_PX = 5.0
GREATEST_RADIUS_PX = 16.0
_CIRCLE_VERTICES = 180
_LINK_STEP_DEG = 2.0
MERCATOR_LIMIT_DEG = 85.0511
"""Web Mercator ends here; what lies beyond is drawn at its edge and said to be."""
_LEAST_FIT_RADIUS_KM = 25.0
"""No fit shows less than this round the answer: without surroundings a place can't be recognised."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """One analysis as GeoJSON, in one frame of longitudes."""

    frame: Frame
    layers: dict[str, GeoJson]
    """A FeatureCollection for each of ``LAYERS``."""
    bounds: dict[str, Bounds]
    """Boxes to fit the view to: ``answer``, ``everything`` and each level's name."""
    legend: GeoJson
    """What the legend says, as plain JSON values."""

    json_text: str = field(init=False, repr=False)
    """The whole as JSON, written once: where overlays are made, off the window's thread."""

    def __post_init__(self) -> None:
        text = json.dumps(self.to_json(), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        object.__setattr__(self, "json_text", text)

    def to_json(self) -> GeoJson:
        """Return the whole overlay as plain JSON values."""
        return {
            "centre_longitude": self.frame.centre_longitude,
            "layers": self.layers,
            "bounds": {name: list(box) for name, box in self.bounds.items()},
            "legend": self.legend,
        }


def overlay_of(analysis: Analysis, *, bands: Sequence[Region] = (), frame: Frame | None = None) -> Overlay:
    """Return what the map shows of an analysis.

    Args:
        analysis: the photo's analysis.
        bands: nested regions of equal density, in any order; without them no surface is drawn.
        frame: where longitudes are cut; the strip round the answer unless given. ``Frame()`` is RFC 7946's.

    """
    estimate = analysis.estimate
    if frame is None:
        frame = Frame(estimate.position.longitude)
    exif = analysis.evidence.exif.position
    rings = {
        answer.level.name: _circle(answer.position, answer.level.radius_km) for answer in estimate.levels
    }
    neighbours = _heaviest_last(analysis.neighbours.items, estimate)
    layers = {
        "density": _density(bands, frame),
        "cells": _cells(estimate.cells, frame),
        "regions": _regions(estimate.regions, frame),
        "rings": collection(_ring(answer, rings[answer.level.name], frame) for answer in estimate.levels),
        "links": collection(_links(analysis, neighbours, frame)),
        "neighbours": collection(_neighbour(item, weight, estimate, frame) for item, weight in neighbours),
        "exif": collection([] if isinstance(exif, Unavailable) else [_exif(exif, analysis, frame)]),
        "answers": collection(_answers(estimate, frame)),
    }
    return Overlay(
        frame=frame,
        layers=layers,
        bounds=_bounds(analysis, rings, frame),
        legend=_legend(analysis, bands),
    )


def _circle(centre: Position, radius_km: float) -> SphericalPolygon:
    return SphericalPolygon(geodesic_circle(centre, radius_km, _CIRCLE_VERTICES))


def _density(bands: Sequence[Region], frame: Frame) -> GeoJson:
    """Return the bands from the widest to the narrowest, with their paint in either scheme."""
    ordered = sorted(bands, key=lambda band: -band.mass)
    paints = {palette.name: surface_paints(palette.density, len(ordered)) for palette in (LIGHT, DARK)}
    return collection(
        feature(
            frame.polygons(band.parts),
            mass=band.mass,
            colours={scheme: shades[index].colour for scheme, shades in paints.items()},
            opacities={scheme: shades[index].opacity for scheme, shades in paints.items()},
        )
        for index, band in enumerate(ordered)
    )


def _cells(cells: CellProbabilities | None, frame: Frame) -> GeoJson:
    """Return each probable cell, the most probable last, so that it lies on top."""
    if cells is None:
        return collection([])
    listed = list(enumerate(zip(cells.bounds, cells.probabilities.tolist(), strict=True), start=1))
    return collection(
        feature(
            frame.polygons(cell_parts(bounds[None])),
            probability=probability,
            title=f"Cell {number} of {cells.cells:,}",
            text=f"{share_text(probability)} in {area_text(float(rectangle_areas_km2(bounds[None])[0]))}",
        )
        for number, (bounds, probability) in reversed(listed)
    )


def _regions(regions: Sequence[Region], frame: Frame) -> GeoJson:
    return collection(
        feature(
            _on_the_map(frame.outlines(region.parts)),
            mass=region.mass,
            title=f"{share_text(region.mass)} region",
            short=share_text(region.mass),
            text=f"{area_text(region.area_km2)} in {_parts_text(len(region.parts))}",
            top=_northernmost(region, frame),
        )
        for region in sorted(regions, key=lambda region: -region.mass)
        if region.parts
    )


def _on_the_map(lines: GeoJson) -> GeoJson:
    """Return the lines without what lies beyond the map's edge, along which it would be drawn."""
    import shapely

    limit = MERCATOR_LIMIT_DEG
    if all(abs(latitude) <= limit for line in lines["coordinates"] for _, latitude in line):
        return lines
    shown = shapely.clip_by_rect(shapely.geometry.shape(lines), -1000.0, -limit, 1000.0, limit)
    parts = [shapely.get_coordinates(part).tolist() for part in shapely.get_parts(shown)]
    return {"type": "MultiLineString", "coordinates": parts}


def _northernmost(region: Region, frame: Frame) -> list[float]:
    """Return where the region's outline comes furthest north within what Web Mercator can show."""
    points = np.concatenate([part.exterior for part in region.parts])
    shown = points[np.abs(points[:, 0]) < MERCATOR_LIMIT_DEG]
    latitude, longitude = max(shown if len(shown) else points, key=lambda point: float(point[0]))
    return frame.point(Position(float(latitude), float(longitude)))


def _parts_text(count: int) -> str:
    return "one part" if count == 1 else f"{count} parts"


def _ring(answer: LevelAnswer, circle: SphericalPolygon, frame: Frame) -> GeoJson:
    level = answer.level
    return feature(
        _on_the_map(frame.outlines([circle])),
        level=level.name,
        index=_level_index(answer),
        title=f"{level.name.capitalize()}, {radius_text(level.radius_km)}",
        short=radius_text(level.radius_km),
        text=_probability_text(answer),
        centre=frame.point(answer.position),
        top=frame.point(_label_position(answer)),
    )


def _label_position(answer: LevelAnswer) -> Position:
    """Return the ring's northernmost point, or the southernmost where Web Mercator can't show that one."""
    northern = _ring_point(answer, 0.0)
    return northern if northern.latitude < MERCATOR_LIMIT_DEG else _ring_point(answer, 180.0)


def _ring_point(answer: LevelAnswer, bearing_deg: float) -> Position:
    start = answer.position
    latitude, longitude = destination(start.latitude, start.longitude, bearing_deg, answer.level.radius_km)
    return Position(float(latitude), float(normalise_longitude(longitude)))


def _level_index(answer: LevelAnswer) -> int:
    return next(
        (index for index, level in enumerate(LEVELS) if level.name == answer.level.name), len(LEVELS) - 1
    )


def _probability_text(answer: LevelAnswer) -> str:
    if isinstance(answer.calibration, Unavailable):
        return f"{share_text(answer.probability)}, not calibrated"
    return f"{share_text(answer.probability)}, calibrated on {answer.calibration.photos:,} photos"


def _heaviest_last(items: Sequence[Neighbour], estimate: LocationEstimate) -> list[tuple[Neighbour, float]]:
    """Return the neighbours that took part with their weights, so that heavy ones are drawn on top."""
    weighted = [(item, float(weight)) for item, weight in zip(items, estimate.weights, strict=False)]
    return sorted(weighted, key=lambda pair: (pair[1], -pair[0].rank))


def _neighbour(item: Neighbour, weight: float, estimate: LocationEstimate, frame: Frame) -> GeoJson:
    heaviest = float(np.max(estimate.weights))
    share = weight / heaviest if heaviest > 0.0 else 0.0
    reference = item.reference
    return feature(
        point_geometry(frame.point(reference.position)),
        rank=item.rank,
        weight=weight,
        radius_px=round(max(LEAST_RADIUS_PX, GREATEST_RADIUS_PX * share**0.5), 2),
        title=f"Neighbour {item.rank}",
        beyond=_is_beyond(reference.position),
        lines=_neighbour_lines(item, weight, estimate.position),
        label=f"Neighbour {item.rank}, {_place_text(reference)}, weight {share_text(weight)}",
    )


def _neighbour_lines(item: Neighbour, weight: float, answer: Position) -> list[str]:
    position = item.reference.position
    apart = _distance_km(position, answer)
    return [
        _place_text(item.reference),
        f"weight {share_text(weight)}, descriptor distance {item.distance:.3f}",
        f"{distance_text(apart)} from the answer",
    ]


def _is_beyond(position: Position) -> bool:
    return abs(position.latitude) > MERCATOR_LIMIT_DEG


def _place_text(reference: ReferencePhoto) -> str:
    return "place not stated" if isinstance(reference.place, Unavailable) else visible_text(reference.place)


def _links(analysis: Analysis, neighbours: Sequence[tuple[Neighbour, float]], frame: Frame) -> list[GeoJson]:
    """Return the great circles from the answer to each neighbour and to the file's own claim."""
    answer = analysis.estimate.position
    exif = analysis.evidence.exif.position
    targets = [item.reference.position for item, _ in neighbours]
    named: list[dict[str, int]] = [{"rank": item.rank} for item, _ in neighbours]
    if not isinstance(exif, Unavailable):
        targets.append(exif)
        named.append({})
    if not targets:
        return []
    ends = np.array([[target.latitude, target.longitude] for target in targets])
    starts = np.broadcast_to([answer.latitude, answer.longitude], ends.shape)
    distances_km = great_circle_km(starts[:, 0], starts[:, 1], ends[:, 0], ends[:, 1])
    lines = great_circles(starts, ends, _LINK_STEP_DEG)
    return [
        feature(frame.lines([line], _LINK_STEP_DEG), text=distance_text(float(distance_km)), **names)
        for line, distance_km, names in zip(lines, distances_km, named, strict=True)
    ]


def _exif(position: Position, analysis: Analysis, frame: Frame) -> GeoJson:
    apart = _distance_km(position, analysis.estimate.position)
    return feature(
        point_geometry(frame.point(position)),
        beyond=_is_beyond(position),
        title="Position in the file's EXIF",
        lines=[f"{distance_text(apart)} from the answer", "the file's own claim; not used for the answer"],
        label=f"Position in the file's EXIF, {distance_text(apart)} from the answer",
    )


def _answers(estimate: LocationEstimate, frame: Frame) -> list[GeoJson]:
    """Return each level's answer, the widest first, then the single best position."""
    levels = [
        feature(
            point_geometry(frame.point(answer.position)),
            level=answer.level.name,
            index=_level_index(answer),
            beyond=_is_beyond(answer.position),
            title=f"Best answer for {answer.level.name}, {radius_text(answer.level.radius_km)}",
            lines=[_probability_text(answer)],
        )
        for answer in sorted(estimate.levels, key=lambda answer: -answer.level.radius_km)
    ]
    best = feature(
        point_geometry(frame.point(estimate.position)),
        beyond=_is_beyond(estimate.position),
        title="Answer",
        lines=["the single best position; an investigative lead"],
    )
    return [*levels, best]


def _bounds(analysis: Analysis, rings: dict[str, SphericalPolygon], frame: Frame) -> dict[str, Bounds]:
    estimate = analysis.estimate
    around = frame.bounds([_circle(estimate.position, _LEAST_FIT_RADIUS_KM)])
    whole = {region.mass: frame.bounds(region.parts) for region in estimate.regions if region.parts}
    core = [box for mass, box in whole.items() if mass <= 0.5]
    points = [item.reference.position for item in analysis.neighbours.items]
    exif = analysis.evidence.exif.position
    if not isinstance(exif, Unavailable):
        points.append(exif)
    levels = {name: frame.bounds([ring]) for name, ring in rings.items()}
    return {
        "answer": joined_bounds([around, *core]),
        "everything": joined_bounds(
            [around, *whole.values(), *(_point_bounds(point, frame) for point in points)]
        ),
        **levels,
    }


def _point_bounds(position: Position, frame: Frame) -> Bounds:
    longitude, latitude = frame.point(position)
    return longitude, latitude, longitude, latitude


def _legend(analysis: Analysis, bands: Sequence[Region]) -> GeoJson:
    estimate = analysis.estimate
    exif = analysis.evidence.exif.position
    return {
        "density": _surface_legend(len(bands)),
        "regions": [
            {
                "mass": region.mass,
                "title": f"{share_text(region.mass)} region",
                "text": area_text(region.area_km2),
            }
            for region in sorted(estimate.regions, key=lambda region: region.mass)
        ],
        "levels": [
            {
                "level": answer.level.name,
                "index": _level_index(answer),
                "title": answer.level.name.capitalize(),
                "radius": radius_text(answer.level.radius_km),
                "probability": share_text(answer.probability),
                "text": _probability_text(answer),
            }
            for answer in estimate.levels
        ],
        "neighbours": len(analysis.neighbours.items),
        "exif": ""
        if isinstance(exif, Unavailable)
        else f"{distance_text(_distance_km(exif, estimate.position))} away",
        "notice": _notice(analysis),
    }


def _notice(analysis: Analysis) -> str:
    """Return what the reader must know about this picture of the analysis, ``""`` for nothing."""
    positions = [item.reference.position for item in analysis.neighbours.items]
    positions += [analysis.estimate.position, *(answer.position for answer in analysis.estimate.levels)]
    count = sum(map(_is_beyond, positions))
    if count == 0:
        return ""
    return "This map ends at 85° of latitude. What lies beyond is drawn, pale, at its edge."


def _surface_legend(count: int) -> dict[str, list[str]]:
    """Return, for either scheme, the surface's colours over land from the rim to the peak."""
    return {
        palette.name: surface_colours(surface_paints(palette.density, count), map_palette(palette).land)
        for palette in (LIGHT, DARK)
        if count
    }


def _distance_km(first: Position, second: Position) -> float:
    return float(great_circle_km(first.latitude, first.longitude, second.latitude, second.longitude))
