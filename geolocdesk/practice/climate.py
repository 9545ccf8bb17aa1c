"""A simple climate for any position: temperature and moisture by latitude, continentality, height and season."""

import math
from dataclasses import dataclass

import numpy as np

from geolocdesk.geodesy import Position, normalise_longitude
from geolocdesk.practice.geography import Geography
from geolocdesk.practice.relief import elevations_m


@dataclass(frozen=True, slots=True)
class Climate:
    """What grows and what lies on the ground at one position in one month."""

    annual_mean_c: float
    coldest_month_c: float
    warmest_month_c: float
    month_mean_c: float
    moisture: float
    """0 for a desert without rain, 1 for a rain forest, over the year."""
    month_moisture: float
    """The same in the month of the photo: monsoons, Mediterranean summers."""
    elevation_m: float
    coast_distance_km: float

    @property
    def greenness(self) -> float:
        """Return how green the grass is, 0 to 1."""
        warm_enough = _ramp(self.month_mean_c, 0.0, 9.0)
        parched = _ramp(self.month_mean_c, 22.0, 34.0) * (1 - self.month_moisture)
        return max(0.0, min(1.0, 1.5 * self.month_moisture - 0.12 - 0.4 * parched)) * (
            0.25 + 0.75 * warm_enough
        )

    @property
    def snow(self) -> float:
        """Return the share of the ground that snow covers, 0 to 1."""
        return _ramp(-self.month_mean_c, 0.0, 6.0) * _ramp(self.moisture, 0.05, 0.3)


@dataclass(frozen=True, slots=True)
class _Anomaly:
    """A region that latitude and distance to the sea alone get wrong, as a bell of the given reach."""

    latitude: float
    longitude: float
    reach_lat_deg: float
    reach_lon_deg: float
    warmth_c: float
    moisture: float


_ANOMALIES = (
    _Anomaly(60, -8, 12, 20, 8, 0.10),  # North Atlantic drift
    _Anomaly(52, 15, 8, 15, 4, 0.10),  # and what is left of it inland
    _Anomaly(68, 25, 6, 14, 6, 0.05),
    _Anomaly(40, 15, 4, 16, 2, 0.08),  # Mediterranean
    _Anomaly(23, 10, 7, 26, 3, -0.55),  # Sahara
    _Anomaly(24, 46, 8, 11, 3, -0.50),  # Arabia
    _Anomaly(30, 60, 6, 10, 1, -0.30),  # Iran and Baluchistan
    _Anomaly(27, 71, 3, 3, 2, -0.30),  # Thar
    _Anomaly(41, 60, 6, 9, 1, -0.30),  # Karakum
    _Anomaly(40, 84, 4, 9, 2, -0.40),  # Taklamakan
    _Anomaly(43, 104, 4, 9, -2, -0.30),  # Gobi
    _Anomaly(33, -114, 5, 6, 3, -0.40),  # Sonora and Mojave
    _Anomaly(40, -115, 4, 5, 0, -0.25),  # Great Basin
    _Anomaly(28, -104, 4, 4, 1, -0.25),  # Chihuahua
    _Anomaly(34, -86, 6, 9, 0, 0.35),  # south-eastern United States
    _Anomaly(47, -123, 5, 3, 3, 0.25),  # Pacific north-west
    _Anomaly(-22, -70, 9, 2.5, -2, -0.60),  # Atacama
    _Anomaly(-44, -68, 7, 3, 0, -0.30),  # Patagonia
    _Anomaly(-8, -39, 5, 4, 1, -0.30),  # Sertão
    _Anomaly(-25, -51, 7, 7, 0, 0.35),  # southern Brazil
    _Anomaly(-4, -62, 9, 12, 0, 0.25),  # Amazon
    _Anomaly(1, 20, 6, 9, 0, 0.20),  # Congo
    _Anomaly(8, 46, 7, 5, 1, -0.45),  # Horn of Africa
    _Anomaly(-1, 36.5, 8, 5, 0, -0.32),  # East African savanna
    _Anomaly(-24, 16, 7, 5, 0, -0.45),  # Namib and Kalahari
    _Anomaly(-25, 130, 7, 14, 2, -0.45),  # Australian interior
    _Anomaly(-30, 121, 5, 6, 1, -0.15),
    _Anomaly(-30, 152, 7, 3, 0, 0.25),  # its wet east
    _Anomaly(27, 114, 7, 9, -1, 0.45),  # south-east China
    _Anomaly(36, 137, 6, 6, 0, 0.35),  # Japan
    _Anomaly(24, 90, 5, 7, 0, 0.40),  # Bengal
    _Anomaly(16, 78, 7, 6, 1, 0.10),  # Deccan
    _Anomaly(12, 75, 6, 1.5, 0, 0.35),  # Malabar
    _Anomaly(2, 112, 9, 18, 0, 0.20),  # maritime south-east Asia
    _Anomaly(18, 101, 6, 7, 0, 0.20),
    _Anomaly(63, 110, 9, 35, -3, 0.00),  # Siberia
    _Anomaly(58, -105, 9, 25, -3, 0.00),  # northern Canada
    _Anomaly(-42, 172, 6, 6, 0, 0.20),  # New Zealand
)

_LATITUDE_KNOTS = (0.0, 8.0, 15.0, 22.0, 30.0, 38.0, 46.0, 55.0, 65.0, 75.0, 90.0)
_MEAN_TEMPERATURE_C = (26.5, 26.5, 26.5, 24.5, 19.5, 14.0, 8.0, 1.5, -5.5, -13.0, -24.0)
_MOISTURE = (0.90, 0.80, 0.55, 0.33, 0.38, 0.48, 0.58, 0.60, 0.52, 0.40, 0.25)
_LAPSE_C_PER_KM = 5.5


def climate_at(position: Position, month: int, geography: Geography) -> Climate:
    """Return the climate of a position in a month (1 to 12)."""
    latitude = abs(position.latitude)
    coast_km = max(geography.coast_distance_km(position), 0.0)
    height_m = float(elevations_m(np.array([position.latitude]), np.array([position.longitude]))[0])
    inland = 1 - math.exp(-coast_km / 450)
    warmth, wetness = _anomaly_at(position)
    mean = float(np.interp(latitude, _LATITUDE_KNOTS, _MEAN_TEMPERATURE_C))
    # Near the sea people live in the valleys and on the shore, however high the mountains behind.
    mean += warmth - _LAPSE_C_PER_KM * height_m / 1000 * (1 - math.exp(-coast_km / 90))
    half_range = (1.0 + 0.27 * latitude) * (0.42 + 0.75 * inland)
    season = _season(position.latitude, month)
    moisture = float(np.interp(latitude, _LATITUDE_KNOTS, _MOISTURE)) - 0.22 * inland + wetness
    moisture = min(max(moisture, 0.0), 1.0)
    swing = _rain_season(position, latitude) * season
    return Climate(
        annual_mean_c=mean,
        coldest_month_c=mean - half_range,
        warmest_month_c=mean + half_range,
        month_mean_c=mean + half_range * season,
        moisture=moisture,
        month_moisture=min(max(moisture * (1 + swing), 0.0), 1.0),
        elevation_m=height_m,
        coast_distance_km=coast_km,
    )


def _season(latitude: float, month: int) -> float:
    """Return 1 at the height of summer and −1 in the depth of winter of the hemisphere."""
    phase = math.cos(2 * math.pi * (month - 7) / 12)
    return phase if latitude >= 0 else -phase


def _rain_season(position: Position, latitude: float) -> float:
    """Return how much wetter (above 0) or drier (below 0) summer is than the mean."""
    monsoon = 0.35 * math.exp(-(((latitude - 15) / 9) ** 2))
    western_europe = -25 < position.longitude < 42
    mediterranean = -0.45 * math.exp(-(((latitude - 37) / 5) ** 2)) if western_europe else 0.0
    return monsoon + mediterranean


def _anomaly_at(position: Position) -> tuple[float, float]:
    warmth = wetness = 0.0
    for anomaly in _ANOMALIES:
        dx = float(normalise_longitude(position.longitude - anomaly.longitude)) / anomaly.reach_lon_deg
        dy = (position.latitude - anomaly.latitude) / anomaly.reach_lat_deg
        weight = math.exp(-0.7 * (dx * dx + dy * dy))
        warmth += weight * anomaly.warmth_c
        wetness += weight * anomaly.moisture
    return warmth, wetness


def _ramp(value: float, start: float, end: float) -> float:
    return min(max((value - start) / (end - start), 0.0), 1.0)
