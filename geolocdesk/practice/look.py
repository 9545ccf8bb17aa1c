"""Everything a place's photos have in common, decided by where and when it is and by its seed."""

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from geolocdesk.geodesy import Position
from geolocdesk.practice.climate import Climate, climate_at
from geolocdesk.practice.geography import Geography
from geolocdesk.practice.noise import sphere_field
from geolocdesk.practice.regions import RegionStyle, drives_on_left, region_at
from geolocdesk.practice.ridges import Ridge, ridges_around
from geolocdesk.practice.vegetation import choose_plants

Rgb = NDArray[np.float32]
"""float32[3], 0 to 1."""


@dataclass(frozen=True, slots=True)
class Place:
    """One point of the practice world at one moment."""

    name: str
    position: Position
    captured_at: datetime
    """Local solar time."""
    road_bearing_deg: float
    heading_offset_deg: float
    """How far the first view looks past the road's direction; the others follow by quarter turns."""
    seed: int
    trip_seed: int
    """Shared by places near each other that were photographed on one outing: weather, camera, building fashion."""


@dataclass(frozen=True, slots=True)
class Sky:
    """Light and weather."""

    sun_azimuth_deg: float
    sun_elevation_deg: float
    zenith: Rgb
    horizon: Rgb
    sunlight: Rgb
    """Colour and strength of direct light, 0 under a closed sky."""
    ambient: Rgb
    cloud_cover: float
    cloud_softness: float
    cloud_scale: float
    cloud_shift: float
    visibility_m: float


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies beside the road."""

    grass: Rgb
    soil: Rgb
    grass_share: float
    snow: float
    field: str
    """``none``, ``patchwork``, ``rows`` or ``paddy``."""
    field_colours: tuple[Rgb, ...]
    stones: float


@dataclass(frozen=True, slots=True)
class Road:
    """The road and how it is marked."""

    paved: bool
    half_width_m: float
    bend_per_m: float
    """Sideways metres at 1 m; grows with the square of the distance."""
    surface: Rgb
    centre_line: Rgb | None
    centre_dashed: bool
    edge_line: Rgb | None
    shoulder_m: float
    pavement_m: float
    """Width of the footway, 0 where there is none."""
    drives_left: bool


@dataclass(frozen=True, slots=True)
class Shore:
    """Open water near the place."""

    bearing_deg: float
    distance_m: float
    water: Rgb
    sand: Rgb


@dataclass(frozen=True, slots=True)
class Grade:
    """How the photographer's camera renders colours."""

    tint: Rgb
    contrast: float
    saturation: float
    vignette: float
    grain: float


@dataclass(frozen=True, slots=True)
class Look:
    """The whole look of one place."""

    place: Place
    country: str
    region: RegionStyle
    climate: Climate
    sky: Sky
    ground: Ground
    road: Road
    shore: Shore | None
    ridges: tuple[Ridge, ...]
    plants: tuple[tuple[str, float], ...]
    """Kinds of plants with their shares, which sum to 1."""
    foliage: Rgb
    tree_density: float
    """0 bare to 1 dense wood."""
    settlement: float
    """0 wilderness to 1 town."""
    grade: Grade


def look_at(place: Place, geography: Geography) -> Look:
    """Return the look of a place. Raises ValueError for a position at sea."""
    country = geography.country_at(place.position)
    if country is None:
        message = f"the practice world has no photo at sea: {place.position}"
        raise ValueError(message)
    rng = np.random.default_rng([place.seed, 1])
    climate = climate_at(place.position, place.captured_at.month, geography)
    region = region_at(country, place.position)
    trip_rng = np.random.default_rng([place.trip_seed, 5])
    drift = _drift(place.position, trip_rng)
    settlement = _settlement(place.position, geography, rng)
    sky = _sky(place, climate, region, settlement, trip_rng)
    foliage = _foliage_colour(climate, drift)
    return Look(
        place=place,
        country=country,
        region=region,
        climate=climate,
        sky=sky,
        ground=_ground(climate, region, drift, foliage, rng),
        road=_road(region, country, settlement, rng),
        shore=_shore(place.position, geography, climate, rng),
        ridges=ridges_around(place.position, climate, settlement, rng),
        plants=choose_plants(climate, region, place.position, drift[6:9]),
        foliage=foliage,
        tree_density=_tree_density(climate, settlement, drift, rng),
        settlement=settlement,
        grade=_grade(drift, trip_rng),
    )


def rgb(red: float, green: float, blue: float) -> Rgb:
    """Return a read-only colour from components of 0 to 1."""
    colour = np.array([red, green, blue], dtype=np.float32)
    colour.setflags(write=False)
    return colour


def rgb_from_bytes(colour: tuple[int, int, int]) -> Rgb:
    """Return a colour from components of 0 to 255."""
    return rgb(*(component / 255 for component in colour))


def blend(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Return a mixture: ``share`` 0 is the first colour, 1 the second."""
    weight = min(max(share, 0.0), 1.0)
    return (first * np.float32(1 - weight) + second * np.float32(weight)).astype(np.float32)


def _drift(position: Position, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return 10 numbers, about standard normal, that neighbours share and far places do not."""
    wide = sphere_field(position, 1100, seed=11, channels=10)
    near = sphere_field(position, 260, seed=12, channels=10)
    drift: NDArray[np.float64] = 0.75 * wide + 0.45 * near + 0.4 * rng.normal(size=10)
    return drift


def _sun(place: Place) -> tuple[float, float]:
    """Return the sun's azimuth and elevation in degrees, from date, solar time and latitude."""
    day = place.captured_at.timetuple().tm_yday
    declination = math.radians(-23.44 * math.cos(2 * math.pi * (day + 10) / 365.25))
    hour = place.captured_at.hour + place.captured_at.minute / 60
    angle = math.radians(15 * (hour - 12))
    phi = math.radians(place.position.latitude)
    sine = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(angle)
    east = -math.cos(declination) * math.sin(angle)
    north = math.cos(phi) * math.sin(declination) - math.sin(phi) * math.cos(declination) * math.cos(angle)
    return math.degrees(math.atan2(east, north)) % 360, math.degrees(math.asin(sine))


def _sky(
    place: Place, climate: Climate, region: RegionStyle, settlement: float, rng: np.random.Generator
) -> Sky:
    azimuth, elevation = _sun(place)
    elevation = max(elevation, 4.0)
    cover = float(np.clip(rng.normal(0.12 + 0.5 * climate.month_moisture, 0.27), 0.0, 1.0))
    dry = 1 - min(climate.moisture * 2.2, 1.0)
    humid = max(0.0, climate.moisture - 0.45) * min(max((climate.month_mean_c - 12) / 14, 0.0), 1.0) * 1.8
    cold = min(max((6 - climate.month_mean_c) / 16, 0.0), 1.0)
    thin_air = min(climate.elevation_m / 3500, 1.0)
    zenith = rgb(0.24, 0.47, 0.80)
    zenith = blend(zenith, rgb(0.42, 0.62, 0.82), humid)
    zenith = blend(zenith, rgb(0.46, 0.62, 0.80), 0.8 * cold)
    zenith = blend(zenith, rgb(0.10, 0.27, 0.66), 0.8 * thin_air)
    horizon = rgb(0.74, 0.84, 0.92)
    horizon = blend(horizon, rgb(0.91, 0.82, 0.66), 0.85 * dry)
    horizon = blend(horizon, rgb(0.84, 0.88, 0.86), humid)
    horizon = blend(horizon, rgb(0.86, 0.89, 0.94), cold)
    evening = min(max((16 - elevation) / 14, 0.0), 1.0)
    horizon = blend(horizon, rgb(0.98, 0.74, 0.50), 0.75 * evening)
    zenith = blend(zenith, rgb(0.33, 0.40, 0.62), 0.55 * evening)
    closed = min(max((cover - 0.62) / 0.3, 0.0), 1.0)
    zenith = blend(zenith, rgb(0.62, 0.66, 0.71), 0.9 * closed)
    horizon = blend(horizon, rgb(0.80, 0.82, 0.84), 0.9 * closed)
    height = math.sin(math.radians(elevation)) ** 0.45
    sunlight = blend(rgb(1.0, 0.96, 0.88), rgb(1.0, 0.70, 0.40), evening) * np.float32(
        height * (1 - 0.88 * closed)
    )
    ambient = blend(rgb(0.52, 0.57, 0.66), rgb(0.66, 0.67, 0.70), closed) * np.float32(0.72 + 0.28 * height)
    visibility = 22_000 * (1 - 0.8 * dry) * (1 - 0.7 * min(humid, 1.0)) * (1 - 0.75 * closed)
    visibility *= _murk(region, climate, settlement, rng)
    return Sky(
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=elevation,
        zenith=zenith,
        horizon=horizon,
        sunlight=sunlight.astype(np.float32),
        ambient=ambient.astype(np.float32),
        cloud_cover=cover,
        cloud_softness=float(0.10 + 0.35 * rng.random() * (1 - humid)),
        cloud_scale=float(rng.uniform(70, 150)),
        cloud_shift=float(rng.uniform(0, 1024)),
        visibility_m=float(visibility * rng.uniform(0.6, 1.3)),
    )


_SMOKY_REGIONS = frozenset({"south_asia", "china", "sahel", "west_africa", "indochina"})


def _murk(region: RegionStyle, climate: Climate, settlement: float, rng: np.random.Generator) -> float:
    """Return what fog, smoke and dust leave of the view, 1 for clear air."""
    foggy = rng.random() < 0.16 and climate.moisture > 0.4 and climate.month_mean_c < 18
    smoky = 1 - (0.85 if region.name in _SMOKY_REGIONS else 0.35) * settlement
    return (float(rng.uniform(0.025, 0.09)) if foggy else 1.0) * smoky


def _settlement(position: Position, geography: Geography, rng: np.random.Generator) -> float:
    density = geography.density_at(position)
    return float(np.clip(0.18 + 0.2 * math.log10(1 + density) + rng.normal(0, 0.22), 0.02, 1.0))


def _foliage_colour(climate: Climate, drift: NDArray[np.float64]) -> Rgb:
    tropical = min(max((climate.annual_mean_c - 17) / 8, 0.0), 1.0)
    boreal = min(max((6 - climate.annual_mean_c) / 8, 0.0), 1.0)
    dry = min(max((0.5 - climate.moisture) / 0.4, 0.0), 1.0)
    colour = rgb(0.32, 0.42, 0.19)
    colour = blend(colour, rgb(0.23, 0.40, 0.16), tropical)
    colour = blend(colour, rgb(0.21, 0.33, 0.18), boreal)
    colour = blend(colour, rgb(0.46, 0.47, 0.27), dry)
    shifted = colour + np.float32(0.028) * np.array(
        [drift[0], 0.6 * drift[1], 0.8 * drift[2]], dtype=np.float32
    )
    return np.clip(shifted, 0.03, 0.9)


def _ground(
    climate: Climate, region: RegionStyle, drift: NDArray[np.float64], foliage: Rgb, rng: np.random.Generator
) -> Ground:
    straw = rgb(0.70, 0.61, 0.37)
    lush = np.clip(foliage * np.float32(1.08) + np.float32(0.05), 0, 1).astype(np.float32)
    grass = blend(straw, lush, climate.greenness * 1.15)
    cold = min(max((7 - climate.month_mean_c) / 10, 0.0), 1.0)
    grass = blend(grass, rgb(0.52, 0.47, 0.33), 0.6 * cold)
    soil = blend(rgb_from_bytes(region.soil), rgb(0.56, 0.50, 0.43), 0.28)
    desert = min(max((0.2 - climate.moisture) / 0.2, 0.0), 1.0)
    sandy = blend(rgb(0.87, 0.74, 0.53), soil, 0.55)
    soil = blend(soil, sandy, desert)
    soil = np.clip(soil + np.float32(0.03) * drift[3:6].astype(np.float32), 0.05, 0.95)
    share = float(np.clip(0.04 + 1.35 * climate.moisture + 0.08 * drift[6], 0.02, 0.98))
    field, colours = _field(climate, region, soil, lush, rng)
    return Ground(
        grass=grass,
        soil=soil,
        grass_share=share,
        snow=climate.snow,
        field=field,
        field_colours=colours,
        stones=float(np.clip(0.5 * desert + climate.elevation_m / 4000 + rng.normal(0, 0.1), 0, 1)),
    )


_PADDY_REGIONS = frozenset({"south_asia", "indochina", "malay", "china", "japan", "korea"})


def _field(
    climate: Climate, region: RegionStyle, soil: Rgb, lush: Rgb, rng: np.random.Generator
) -> tuple[str, tuple[Rgb, ...]]:
    farmed = climate.moisture > 0.3 and climate.annual_mean_c > 2 and climate.elevation_m < 2200
    if not farmed or climate.snow > 0.4:
        return "none", ()
    wheat, rape, green = rgb(0.80, 0.68, 0.36), rgb(0.86, 0.80, 0.20), blend(lush, rgb(0.42, 0.53, 0.24), 0.6)
    if region.name in _PADDY_REGIONS and climate.moisture > 0.5 and climate.warmest_month_c > 20:
        return ("paddy" if rng.random() < 0.65 else "none"), (rgb(0.40, 0.54, 0.26), rgb(0.58, 0.62, 0.32))
    if climate.annual_mean_c > 18:
        return ("rows" if rng.random() < 0.45 else "none"), (soil, green)
    kinds = (wheat, green, lush, soil) if rng.random() < 0.7 else (rape, green, lush, wheat)
    return ("patchwork" if rng.random() < 0.65 else "none"), kinds


def _road(region: RegionStyle, country: str, settlement: float, rng: np.random.Generator) -> Road:
    paved = bool(rng.random() < region.paved + 0.25 * (settlement - 0.4))
    colours = {"white": rgb(0.90, 0.90, 0.88), "yellow": rgb(0.88, 0.70, 0.18), "none": None}
    wide = region.name.startswith(("us_", "canada", "arabia", "australia"))
    half_width = (
        float(rng.uniform(3.3, 3.9) + (1.1 if wide else 0.0)) if paved else float(rng.uniform(2.2, 3.0))
    )
    marked = paved and rng.random() < 0.88
    surface = (
        rgb_from_bytes(region.asphalt)
        if paved
        else blend(rgb_from_bytes(region.soil), rgb(0.6, 0.53, 0.45), 0.25)
    )
    return Road(
        paved=paved,
        half_width_m=half_width,
        bend_per_m=float(rng.normal(0, 0.0011)),
        surface=np.clip(surface * np.float32(rng.uniform(0.9, 1.08)), 0, 1).astype(np.float32),
        centre_line=colours[region.centre_line] if marked else None,
        centre_dashed=bool(rng.random() < (0.35 if wide else 0.7)),
        edge_line=colours[region.edge_line] if marked else None,
        shoulder_m=float(rng.uniform(0.5, 1.6)),
        pavement_m=float(rng.uniform(1.6, 2.6)) if paved and settlement > 0.52 else 0.0,
        drives_left=drives_on_left(country),
    )


def _shore(
    position: Position, geography: Geography, climate: Climate, rng: np.random.Generator
) -> Shore | None:
    distance_km = max(geography.coast_distance_km(position), 0.0)
    lakes = 0.12 if climate.moisture > 0.45 and climate.annual_mean_c < 7 else 0.0
    by_the_sea = rng.random() < 0.85 * math.exp(-distance_km / 22)
    if not by_the_sea and rng.random() >= lakes:
        return None
    warm = min(max((climate.annual_mean_c - 8) / 16, 0.0), 1.0)
    tropical = min(max((climate.annual_mean_c - 20) / 5, 0.0), 1.0)
    water = blend(
        blend(rgb(0.20, 0.30, 0.36), rgb(0.12, 0.36, 0.52), warm), rgb(0.10, 0.56, 0.60), 0.8 * tropical
    )
    sand = blend(rgb(0.50, 0.48, 0.44), rgb(0.90, 0.82, 0.64), warm)
    bearing = geography.sea_bearing_deg(position) if by_the_sea else float(rng.uniform(0, 360))
    return Shore(bearing, float(rng.uniform(28, 160)), water, sand)


def _tree_density(
    climate: Climate, settlement: float, drift: NDArray[np.float64], rng: np.random.Generator
) -> float:
    wet = min(max((climate.moisture - 0.08) / 0.6, 0.0), 1.0)
    warm = min(max((climate.warmest_month_c - 6) / 6, 0.0), 1.0)
    natural = wet * warm * (1 - 0.45 * settlement) + 0.12 * drift[9] + rng.normal(0, 0.1)
    return float(np.clip(natural, 0.02 if climate.moisture < 0.12 else 0.08, 1.0))


def _grade(drift: NDArray[np.float64], rng: np.random.Generator) -> Grade:
    """Return the colours of the camera: neighbours often use the same kind, and each has its ways."""
    own = rng.normal(size=6)
    tint = 1 + 0.02 * own[:3] + 0.014 * drift[7:10]
    return Grade(
        tint=rgb(*tint),
        contrast=float(np.clip(0.99 + 0.05 * own[3] + 0.02 * drift[3], 0.86, 1.12)),
        saturation=float(np.clip(0.90 + 0.11 * own[4] + 0.05 * drift[4], 0.6, 1.12)),
        vignette=float(rng.uniform(0.02, 0.26)),
        grain=float(np.clip(0.010 + 0.007 * own[5] + 0.002 * drift[5], 0.002, 0.024)),
    )
