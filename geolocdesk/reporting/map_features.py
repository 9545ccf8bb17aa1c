"""An exhibit's places as GeoJSON features, for the formats that maps and other programs read.

RFC 7946 throughout: longitude first, areas cut at the date line. Each feature carries values under plain names
and a ``text`` in words; what there is none of is written as ``not available``.
"""

from collections.abc import Iterator

from geolocdesk.cartography.frame import Frame, GeoJson, feature, point_geometry
from geolocdesk.casefile.codec import path_to_text
from geolocdesk.estimation.location import LevelAnswer, Region, SphericalPolygon
from geolocdesk.geodesy import Position, geodesic_circle
from geolocdesk.reporting.answer import AnswerReport, LevelLine, NeighbourLine, region_sentence
from geolocdesk.reporting.report import ExhibitReport
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text

_FRAME = Frame()
_CIRCLE_VERTICES = 120


def exhibit_features(exhibit: ExhibitReport) -> Iterator[GeoJson]:
    """Yield the answer, its levels and regions, the file's own claim and the neighbours.

    An exhibit without an answer yields one feature without a place, so that none goes missing.
    """
    if exhibit.answer is None:
        yield {"type": "Feature", "geometry": None, "properties": _exhibit_values(exhibit, "exhibit")}
    else:
        yield _answer(exhibit, exhibit.answer)
        yield from (_level(exhibit, line) for line in exhibit.answer.levels)
        regions = exhibit.answer.analysis.estimate.regions
        yield from (_region(exhibit, region) for region in regions if region.parts)
    yield from _claim(exhibit)
    if exhibit.answer is not None:
        yield from (_neighbour(exhibit, line) for line in exhibit.answer.neighbours)


def _exhibit_values(exhibit: ExhibitReport, kind: str) -> dict[str, object]:
    facts = exhibit.exhibit
    values: dict[str, object] = {
        "kind": kind,
        "exhibit": facts.number,
        "title": exhibit.title,
        "file": visible_text(path_to_text(facts.path)),
        "sha256": _written(facts.sha256),
        "status": exhibit.state,
    }
    if exhibit.failure:
        values["failure"] = exhibit.failure
    return values


def _answer(exhibit: ExhibitReport, answer: AnswerReport) -> GeoJson:
    analysis, provenance = answer.analysis, answer.analysis.provenance
    return feature(
        _point(analysis.estimate.position),
        **_exhibit_values(exhibit, "answer"),
        text=f"{_lead(answer)}: {answer.place}. {answer.assessment}",
        place=answer.place,
        estimator=analysis.estimate.parameters.estimator,
        exif_distance_km=_written(analysis.exif_distance_km),
        analysis_id=analysis.analysis_id,
        program_version=provenance.program_version,
        model_id=visible_text(provenance.model_id),
        weights_sha256=provenance.weights_sha256,
        pack_name=visible_text(provenance.pack_name),
        pack_id=provenance.pack_id,
    )


def _lead(answer: AnswerReport) -> str:
    return "Practice answer from drawn photos" if answer.is_synthetic else "Investigative lead"


def _level(exhibit: ExhibitReport, line: LevelLine) -> GeoJson:
    answer = line.answer
    return feature(
        _FRAME.polygons([_disc(answer)]),
        kind="level",
        exhibit=exhibit.exhibit.number,
        title=f"{line.name.capitalize()}, {line.radius}",
        text=f"{line.probability} within {line.radius} of {line.position}; {line.calibrated_on}",
        level=line.name,
        radius_km=answer.level.radius_km,
        latitude=answer.position.latitude,
        longitude=answer.position.longitude,
        probability=answer.probability,
        calibrated_photos="not calibrated"
        if isinstance(answer.calibration, Unavailable)
        else answer.calibration.photos,
    )


def _disc(answer: LevelAnswer) -> SphericalPolygon:
    return SphericalPolygon(geodesic_circle(answer.position, answer.level.radius_km, _CIRCLE_VERTICES))


def _region(exhibit: ExhibitReport, region: Region) -> GeoJson:
    return feature(
        _FRAME.polygons(region.parts),
        kind="region",
        exhibit=exhibit.exhibit.number,
        title=f"{region.mass:.0%} region",
        text=region_sentence(region),
        mass=region.mass,
        area_km2=region.area_km2,
    )


def _claim(exhibit: ExhibitReport) -> Iterator[GeoJson]:
    """Yield the position in the file's EXIF, where there is one."""
    record = exhibit.record
    if record is None or isinstance(record.exif.position, Unavailable):
        return
    text = "The file's own claim: untrusted, and no part of the answer."
    yield feature(
        _point(record.exif.position),
        kind="exif",
        exhibit=exhibit.exhibit.number,
        title=f"Position in the EXIF of exhibit {exhibit.exhibit.number}",
        text=text if exhibit.answer is None else exhibit.answer.claim,
        altitude_m=_written(record.exif.altitude_m),
        captured_at=_written(record.exif.captured_at),
        camera=_written(record.exif.camera),
    )


def _neighbour(exhibit: ExhibitReport, line: NeighbourLine) -> GeoJson:
    reference = line.neighbour.reference
    return feature(
        _point(reference.position),
        kind="neighbour",
        exhibit=exhibit.exhibit.number,
        title=f"Neighbour {line.rank}",
        text=f"{line.place}; descriptor distance {line.descriptor_distance}, {line.from_answer} from the answer; "
        f"{line.credit}",
        rank=line.rank,
        reference_id=visible_text(reference.reference_id),
        place=line.place,
        descriptor_distance=line.neighbour.distance,
        weight=line.weight,
        photographer=_written(reference.photographer),
        licence=_written(reference.licence),
        captured_at=_written(reference.captured_at),
        url=_written(reference.url),
    )


def _point(position: Position) -> GeoJson:
    return point_geometry(_FRAME.point(position))


def _written(value: str | float | Unavailable) -> str | float:
    """Return the value as it is written: a number as itself, a text made visible, or why there is none."""
    if isinstance(value, Unavailable):
        return str(value)
    return visible_text(value) if isinstance(value, str) else value
