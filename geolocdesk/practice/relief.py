"""Mountains of the practice world: a table of belts, each a ridge line with a height and a width."""

import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geolocdesk.geodesy import EARTH_RADIUS_KM, Position, angle_rad, unit_vectors

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MountainBelt:
    """A range as a broken ridge line; the land falls off on both sides like a bell curve."""

    name: str
    height_m: float
    half_width_km: float
    ridge: tuple[tuple[float, float], ...]
    """Latitude and longitude of the ridge's corners."""


# Written for this program from what any atlas shows; plateaus are wide belts.
BELTS = (
    MountainBelt("Coast Mountains", 2200, 160, ((61, -142), (58, -134), (50, -124), (44, -122), (37, -119))),
    MountainBelt("Rocky Mountains", 2600, 260, ((60, -126), (51, -116), (44, -110), (39, -106), (33, -106))),
    MountainBelt("Great Basin", 1600, 300, ((43, -117), (38, -115), (34, -111))),
    MountainBelt("Appalachians", 900, 130, ((46, -70), (41, -77), (35, -83))),
    MountainBelt("Sierra Madre", 2300, 200, ((30, -108), (24, -104), (19, -99), (16.5, -95))),
    MountainBelt("Central America", 1800, 80, ((16, -92), (14.5, -90), (12.5, -86), (9.5, -83.5))),
    MountainBelt("Northern Andes", 3000, 130, ((8.5, -72), (5, -74), (1, -77), (-4, -79))),
    MountainBelt("Central Andes", 4000, 210, ((-4, -79), (-11, -76), (-16, -70), (-22, -67), (-27, -68.5))),
    MountainBelt("Southern Andes", 2600, 110, ((-27, -68.5), (-34, -70), (-41, -71.5), (-49, -73), (-54, -69))),
    MountainBelt("Brazilian Highlands", 900, 250, ((-15, -43), (-20, -44), (-25, -50))),
    MountainBelt("Guiana Highlands", 900, 160, ((5, -62), (3, -60))),
    MountainBelt("Greenland ice", 2300, 420, ((80, -40), (72, -38), (63, -46))),
    MountainBelt("Iceland", 900, 110, ((64.8, -21), (64.8, -16))),
    MountainBelt("Scandes", 1300, 130, ((69, 20), (65, 14.5), (61, 8.5))),
    MountainBelt("Scotland and Wales", 600, 80, ((57.5, -4.5), (54.5, -2.7), (52.5, -3.7))),
    MountainBelt("Cordillera Cantábrica", 1300, 70, ((43, -7), (43, -4))),
    MountainBelt("Meseta", 800, 230, ((42, -4), (38.5, -4))),
    MountainBelt("Pyrenees", 2000, 60, ((43, -1), (42.5, 2))),
    MountainBelt("Massif Central", 900, 110, ((45.3, 2.9), (44.3, 3.3))),
    MountainBelt("Alps", 2700, 110, ((44.5, 7), (46, 7.5), (46.8, 10.5), (47.2, 13.5))),
    MountainBelt("Apennines", 1200, 60, ((44.4, 9.5), (42.3, 13.5), (40, 16))),
    MountainBelt("Dinarides", 1300, 90, ((45.5, 15), (43.3, 18.5), (41.2, 20.5), (39, 21.7))),
    MountainBelt("Carpathians", 1400, 90, ((49.3, 19.5), (48, 24.5), (45.5, 25.5), (45.3, 23))),
    MountainBelt("Rhodope and Balkan", 1300, 80, ((42.8, 23), (41.8, 24.5))),
    MountainBelt("Atlas", 1900, 120, ((31, -8), (33, -4), (35.5, 4))),
    MountainBelt("Anatolia", 1500, 220, ((38.5, 31), (39, 36), (39, 42))),
    MountainBelt("Caucasus", 2800, 80, ((43.5, 41), (42.5, 45), (41.3, 48))),
    MountainBelt("Zagros and Iran", 1900, 220, ((37.5, 45), (33, 49), (29.5, 54), (29, 58))),
    MountainBelt("Elburz", 2400, 60, ((36.8, 49), (36, 52.5), (37, 57))),
    MountainBelt("Hindu Kush", 3300, 190, ((34, 65), (35.5, 70), (38, 73))),
    MountainBelt("Himalaya", 5000, 150, ((35.5, 75), (32, 78), (28.3, 84.5), (28, 92), (29, 97))),
    MountainBelt("Tibet", 4600, 420, ((34, 81), (33, 88), (33, 96))),
    MountainBelt("Tien Shan", 3200, 150, ((41.5, 72), (42.3, 80), (43.5, 88))),
    MountainBelt("Altai", 2200, 210, ((50, 87), (47, 93), (46, 99))),
    MountainBelt("Mongolian plateau", 1300, 350, ((47, 100), (46, 108))),
    MountainBelt("Sayan and Baikal", 1300, 230, ((52.5, 95), (52, 103), (56, 115))),
    MountainBelt("Verkhoyansk", 1200, 260, ((68, 129), (64, 139), (63, 148))),
    MountainBelt("Kamchatka", 1300, 100, ((59, 161), (53, 157.5))),
    MountainBelt("Urals", 900, 80, ((66, 63), (60, 59.5), (54, 58.5))),
    MountainBelt("Yunnan and Sichuan", 2500, 260, ((30, 101), (26, 101), (23, 102))),
    MountainBelt("South China hills", 600, 280, ((27, 108), (27, 114), (26, 118))),
    MountainBelt("Loess and Taihang", 1100, 180, ((38, 113), (35, 108), (35, 104))),
    MountainBelt("Korea", 900, 70, ((41, 127.5), (38, 128.3), (35.5, 128))),
    MountainBelt("Japan", 1600, 65, ((43.3, 142.8), (39.5, 140.8), (36.2, 137.8), (34, 134), (32.5, 131))),
    MountainBelt("Taiwan", 2200, 40, ((24.5, 121.4), (22.8, 120.8))),
    MountainBelt("Annam and Shan", 1100, 110, ((21, 98.5), (19, 103.5), (15, 107.5), (12, 108.5))),
    MountainBelt("Sumatra and Java", 1400, 55, ((4, 97), (-1, 101), (-5, 104.5), (-7.3, 108), (-8, 113))),
    MountainBelt("Borneo", 900, 110, ((5, 116.5), (1, 114))),
    MountainBelt("Philippines", 1100, 55, ((17, 121), (13, 123), (8, 125.5))),
    MountainBelt("New Guinea", 2700, 90, ((-3.5, 136), (-5.5, 143), (-9, 147.5))),
    MountainBelt("Western Ghats", 900, 60, ((19, 73.8), (14, 74.9), (10, 77))),
    MountainBelt("Deccan", 550, 280, ((20, 77), (14, 77))),
    MountainBelt("Great Dividing Range", 800, 110, ((-17, 145.5), (-27, 151.5), (-33.5, 150), (-37, 147.5))),
    MountainBelt("Southern Alps", 1800, 60, ((-42, 172.5), (-45, 168))),
    MountainBelt("North Island", 800, 60, ((-38.5, 176.3), (-40.5, 175.7))),
    MountainBelt("Yemen and Asir", 2000, 90, ((21, 40.6), (17.5, 43.2), (14, 44.5))),
    MountainBelt("Ethiopia", 2400, 230, ((14, 39), (9.5, 39), (6.5, 38.5))),
    MountainBelt("East Africa", 1500, 260, ((1, 36.5), (-3, 35), (-8.5, 34.5))),
    MountainBelt("Rift", 1600, 90, ((0.5, 30), (-3, 29.5))),
    MountainBelt("Southern Africa", 1300, 420, ((-15, 28), (-23, 27), (-28, 26))),
    MountainBelt("Drakensberg", 1700, 100, ((-25, 30.5), (-29, 29), (-32, 26), (-33.3, 21.5))),
    MountainBelt("Angola and Namibia", 1300, 230, ((-12.5, 15.5), (-22, 16.5))),
    MountainBelt("Cameroon line", 1100, 100, ((4.5, 9.5), (7, 12.5))),
    MountainBelt("Ahaggar and Tibesti", 1300, 170, ((23.3, 5.8), (21, 17.5))),
    MountainBelt("Madagascar", 1100, 110, ((-15, 49), (-19.5, 47), (-23, 46.3))),
)  # fmt: skip

_STEP_KM = 20.0


def elevations_m(latitudes: Float64, longitudes: Float64) -> Float64:
    """Return the heights above the sea that the belts give positions, in metres, from 40."""
    heights, _ = _belt_heights(latitudes, longitudes)
    return np.asarray(40 + heights.max(axis=1), dtype=np.float64)


def ruggedness(position: Position) -> float:
    """Return how mountainous the surroundings are: 0 plains, 1 highlands, above 2 high mountains.

    Narrow belts are steep; wide ones are plateaus.
    """
    heights, half_widths = _belt_heights(np.array([position.latitude]), np.array([position.longitude]))
    return float((heights[0] / 1000 * np.minimum(1.0, 120 / half_widths)).max())


def _belt_heights(latitudes: Float64, longitudes: Float64) -> tuple[Float64, Float64]:
    """Return float64[positions, points] of what every point of a ridge line adds, and the points' half widths."""
    points, heights, half_widths = _ridge_points()
    cosine = unit_vectors(latitudes, longitudes) @ points.T
    distance_km = EARTH_RADIUS_KM * np.arccos(np.clip(cosine, -1, 1))
    raised: Float64 = heights * np.exp(-((distance_km / half_widths) ** 2))
    return raised, half_widths


@cache
def _ridge_points() -> tuple[Float64, Float64, Float64]:
    """Return points close together on every ridge line: float64[n, 3] unit vectors, heights, half widths."""
    points, heights, half_widths = [], [], []
    for belt in BELTS:
        corners = unit_vectors(*np.array(belt.ridge).T)
        for start, end in pairwise(corners):
            steps = max(2, math.ceil(EARTH_RADIUS_KM * float(angle_rad(start, end)) / _STEP_KM))
            chord = start + (end - start) * np.linspace(0, 1, steps)[:, None]
            points.append(chord / np.linalg.norm(chord, axis=1, keepdims=True))
            heights.append(np.full(steps, belt.height_m))
            half_widths.append(np.full(steps, belt.half_width_km))
    return np.concatenate(points), np.concatenate(heights), np.concatenate(half_widths)
