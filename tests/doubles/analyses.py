"""Made-up analyses of the real types, for tests of what comes after the pipeline.

Nothing here is measured: the numbers only have the shape and the variety of real ones.
"""

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from geolocdesk.analysis import Analysis, AnalysisFailure, Exclusions
from geolocdesk.estimation.location import (
    LEVELS,
    Calibration,
    EstimationParameters,
    LevelAnswer,
    LocationEstimate,
    Mode,
    Region,
    SphericalPolygon,
)
from geolocdesk.evidence.record import EvidenceRecord, ExifSummary, ExifTag
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.geodesy import Position
from geolocdesk.provenance import Provenance, analysis_id
from geolocdesk.reference.neighbours import Neighbour, Neighbours, ReferencePhoto
from geolocdesk.unavailable import Unavailable

ZAGREB = Position(45.8131, 15.9772)
FIJI = Position(-17.02, 179.97)
"""The date line runs through its regions."""
NORTH_POLE = Position(89.5, -30.0)
SAO_PAULO = Position(-23.5505, -46.6333)

PACK_ID = hashlib.sha256(b"a pack that does not exist").hexdigest()


def make_record(
    path: Path = Path("/evidence/IMG_0001.jpg"), *, position: Position | None = ZAGREB, bare: bool = False
) -> EvidenceRecord:
    """Return a record; ``bare`` leaves out everything a file may leave out."""
    exif = ExifSummary() if bare else _exif(position)
    return EvidenceRecord(
        path=path,
        sha256=hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest(),
        size_bytes=2_345_678,
        media_type="image/jpeg",
        width_px=4032,
        height_px=3024,
        orientation=1 if bare else 6,
        exif=exif,
        acquired_at="2025-11-20T09:15:00Z",
        remarks=() if bare else ("The file is cut short; the missing part is grey.",),
    )


def make_analysis(
    position: Position = ZAGREB,
    *,
    path: Path = Path("/evidence/IMG_0001.jpg"),
    seed: int = 1,
    neighbours: int = 20,
    bare: bool = False,
    exclusions: Exclusions | None = None,
) -> Analysis:
    """Return an analysis round ``position``; the same arguments give the same one."""
    random = np.random.default_rng(seed)
    record = make_record(path, position=position, bare=bare)
    parameters = EstimationParameters(neighbours=neighbours)
    provenance = make_provenance(parameters)
    found = _neighbours(random, position, neighbours, bare=bare)
    weights = found.distances() ** -10.0
    weights /= weights.sum()
    weights.flags.writeable = False
    return Analysis(
        analysis_id=analysis_id(record.sha256, provenance),
        evidence=record,
        descriptor=_descriptor(random),
        exclusions=exclusions or Exclusions(),
        neighbours=found,
        estimate=LocationEstimate(
            parameters=parameters,
            position=position,
            levels=_levels(position, bare=bare),
            regions=(_region(position, 0.5, 180.0), _region(position, 0.9, 640.0, hole=True)),
            modes=(Mode(position, 2.5e-6), Mode(Position(-position.latitude, position.longitude), 1.0e-7)),
            weights=weights,
        ),
        provenance=provenance,
        exif_distance_km=Unavailable.NOT_APPLICABLE if bare else 12.3456789,
    )


def make_failure(path: Path = Path("/evidence/broken.jpg")) -> AnalysisFailure:
    """Return why a photo could not be analysed."""
    return AnalysisFailure(path, "damaged", f"{path} is damaged. Ask for another copy of it.")


def make_provenance(parameters: EstimationParameters | None = None) -> Provenance:
    """Return what decided a made-up result."""
    used = parameters or EstimationParameters()
    return Provenance(
        program_version="0.1.0",
        model_id="efficientnet-lite0-hybrid-512",
        model_identity_sha256=hashlib.sha256(b"identity").hexdigest(),
        weights_sha256=hashlib.sha256(b"weights").hexdigest(),
        pack_id=PACK_ID,
        pack_name="Balkan streets 2025",
        parameters={
            "estimator": used.estimator,
            "neighbours": used.neighbours,
            "exponent": used.exponent,
            "bandwidth_deg": used.bandwidth_deg,
        },
        libraries={"numpy": "2.4.6", "torch": "2.14.1", "faiss-cpu": "1.15.1"},
        device="cpu",
    )


def make_picture(seed: int = 1, width: int = 640, height: int = 480) -> bytes:
    """Return a JPEG of a made-up street."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", (width, height), (168, 196, 222))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height * 0.7, width, height), fill=(96, 98, 104))
    for left in range(0, width, width // 6):
        top = float(random.uniform(0.15, 0.55)) * height
        colour = tuple(int(value) for value in random.integers(90, 230, 3))
        draw.rectangle((left, top, left + width // 6 - 4, height * 0.72), fill=colour)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def circle(centre: Position, radius_km: float, vertices: int = 72) -> NDArray[np.float64]:
    """Return a closed counter-clockwise ring at a great-circle distance, float64[n + 1, 2] in degrees."""
    bearings = np.linspace(2 * np.pi, 0.0, vertices + 1)
    latitude, longitude = np.radians([centre.latitude, centre.longitude])
    arc = radius_km / 6371.0
    latitudes = np.arcsin(np.sin(latitude) * np.cos(arc) + np.cos(latitude) * np.sin(arc) * np.cos(bearings))
    longitudes = longitude + np.arctan2(
        np.sin(bearings) * np.sin(arc) * np.cos(latitude), np.cos(arc) - np.sin(latitude) * np.sin(latitudes)
    )
    wrapped = (np.degrees(longitudes) + 180.0) % 360.0 - 180.0
    ring = np.column_stack([np.degrees(latitudes), wrapped])
    ring[-1] = ring[0]
    ring.flags.writeable = False
    return ring


def _region(centre: Position, mass: float, radius_km: float, *, hole: bool = False) -> Region:
    holes = (circle(centre, radius_km / 5)[::-1].copy(),) if hole else ()
    for ring in holes:
        ring.flags.writeable = False
    area = 2 * np.pi * 6371.0**2 * (1 - np.cos(radius_km / 6371.0))
    return Region(mass, float(area), (SphericalPolygon(circle(centre, radius_km), holes),))


def _levels(position: Position, *, bare: bool) -> tuple[LevelAnswer, ...]:
    calibration = Calibration(1830, "isotonic regression", "held-out photos of the pack")
    return tuple(
        LevelAnswer(level, position, probability, Unavailable.NOT_AVAILABLE if bare else calibration)
        for level, probability in zip(LEVELS, (0.0312, 0.118, 0.47, 0.83, 0.961), strict=True)
    )


def _neighbours(random: np.random.Generator, position: Position, count: int, *, bare: bool) -> Neighbours:
    distances = np.sort(random.uniform(0.55, 1.2, count))
    items = []
    for rank, distance in enumerate(distances, start=1):
        latitude = float(np.clip(position.latitude + random.normal(0, 0.04 * rank), -90, 90))
        longitude = (position.longitude + float(random.normal(0, 0.06 * rank)) + 180.0) % 360.0 - 180.0
        reference = ReferencePhoto(
            row=1000 + rank,
            reference_id=f"ref-{seed_text(random)}",
            position=Position(latitude, longitude),
            file=f"streets/{rank:05}.jpg",
        )
        if not bare and rank % 3:
            reference = ReferencePhoto(
                row=reference.row,
                reference_id=reference.reference_id,
                position=reference.position,
                file=reference.file,
                place=f"place-{rank % 7}",
                photographer=("Željka Novák", "=cmd|'/c calc'!A1", "山田太郎")[rank % 3],
                captured_at="2024-06-01T12:00:00",
                licence="CC BY-SA 4.0",
                url=f"https://example.org/photo/{rank}?a=1&b=<2>",
            )
        items.append(Neighbour(rank, float(distance), reference))
    return Neighbours(tuple(items), PACK_ID)


def seed_text(random: np.random.Generator) -> str:
    """Return eight hexadecimal digits."""
    return f"{int(random.integers(0, 2**32)):08x}"


def _descriptor(random: np.random.Generator) -> Descriptor:
    vector = random.standard_normal(512).astype(np.float32)
    return Descriptor(vector / np.linalg.norm(vector), hashlib.sha256(b"identity").hexdigest())


def _exif(position: Position | None) -> ExifSummary:
    return ExifSummary(
        position=Unavailable.NOT_AVAILABLE if position is None else position,
        altitude_m=122.4,
        image_direction_deg=271.5,
        captured_at="2025-07-14T16:20:31+02:00",
        gps_time="2025-07-14T14:20:29Z",
        camera="Canon EOS R6",
        lens=Unavailable.UNREADABLE,
        software="darktable 4.8",
        tags=(
            ExifTag("Image Make", "Canon"),
            ExifTag("Image Model", "Canon EOS R6"),
            ExifTag("EXIF UserComment", '=HYPERLINK("http://example.org") <b>\x07 Straße 街'),
            ExifTag("GPS GPSLatitude", "[45, 48, 471/10]"),
        ),
        remark="The GPS date and the camera's clock differ by two seconds.",
    )
