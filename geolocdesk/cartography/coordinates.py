"""Positions written as decimal degrees, degrees-minutes-seconds, UTM or UPS, and MGRS (WGS 84).

Projections: Krüger's series to the fourth order (Karney, "Transverse Mercator with an accuracy of a few
nanometers", J. Geodesy 85, 2011, eqs 35), exact to a fraction of a millimetre within a UTM zone; polar
stereographic after Snyder, "Map Projections: a Working Manual", USGS PP 1395, pp. 160–161. Grid letters and
zones after NGA.STND.0037_2.0.0_GRIDS.
"""

import math
from dataclasses import dataclass

from geolocdesk.geodesy import Position

_A_M = 6_378_137.0
_F = 1 / 298.257223563
_N = _F / (2 - _F)
_E = math.sqrt(_F * (2 - _F))
_RECTIFYING_RADIUS_M = _A_M / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_ALPHA = (
    _N / 2 - 2 / 3 * _N**2 + 5 / 16 * _N**3 + 41 / 180 * _N**4,
    13 / 48 * _N**2 - 3 / 5 * _N**3 + 557 / 1440 * _N**4,
    61 / 240 * _N**3 - 103 / 140 * _N**4,
    49561 / 161280 * _N**4,
)
_UTM_SCALE = 0.9996
_UPS_SCALE = 0.994
_UPS_FALSE_M = 2_000_000.0

_BANDS = "CDEFGHJKLMNPQRSTUVWX"
_COLUMNS = ("STUVWXYZ", "ABCDEFGH", "JKLMNPQR")
"""Letters of the 100 km columns, by zone number modulo 3."""
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
_UPS_COLUMNS = "ABCFGHJKLPQRSTUXYZ"
_UPS_ROWS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_SQUARE_M = 100_000


@dataclass(frozen=True, slots=True)
class GridPosition:
    """A place on the UTM grid, or on the UPS grid round a pole, in metres."""

    zone: int
    """UTM zone 1–60; 0 on the UPS grid."""
    band: str
    """UTM's latitude band C–X; on the UPS grid A or B in the south, Y or Z in the north."""
    easting_m: float
    northing_m: float

    @property
    def system(self) -> str:
        """Return ``UTM`` or ``UPS``."""
        return "UTM" if self.zone else "UPS"


def list_notations(position: Position) -> tuple[tuple[str, str], ...]:
    """Return the position in every notation, each as (name, text)."""
    grid = grid_position(position)
    return (
        ("Decimal", decimal_text(position)),
        ("DMS", dms_text(position)),
        (grid.system, grid_text(grid)),
        ("MGRS", mgrs_text(grid)),
    )


def decimal_text(position: Position) -> str:
    """Return ``45.813100, 15.977200``: latitude, longitude, a tenth of a metre."""
    return f"{position.latitude:.6f}, {position.longitude:.6f}"


def dms_text(position: Position) -> str:
    """Return ``45°48′47.2″ N, 15°58′37.9″ E``, rounded to a tenth of a second (3 m)."""
    latitude = _dms(position.latitude, "NS")
    return f"{latitude}, {_dms(position.longitude, 'EW')}"


def grid_text(grid: GridPosition) -> str:
    """Return ``33T 575912 m E 5073822 m N``, to the metre below."""
    zone = f"{grid.zone}{grid.band}" if grid.zone else grid.band
    return f"{zone} {math.floor(grid.easting_m)} m E {math.floor(grid.northing_m)} m N"


def mgrs_text(grid: GridPosition) -> str:
    """Return ``33T WL 75912 73822``: the one-metre square the position lies in."""
    easting, northing = math.floor(grid.easting_m), math.floor(grid.northing_m)
    zone = f"{grid.zone}{grid.band}" if grid.zone else grid.band
    square = _square_letters(grid, easting // _SQUARE_M, northing // _SQUARE_M)
    return f"{zone} {square} {easting % _SQUARE_M:05} {northing % _SQUARE_M:05}"


def grid_position(position: Position) -> GridPosition:
    """Return the place on the grid in force there: UTM from 80° S to 84° N, UPS beyond."""
    if not -80.0 <= position.latitude < 84.0:
        return _ups(position)
    zone = utm_zone(position)
    easting, northing = _transverse_mercator(position.latitude, position.longitude - (6 * zone - 183))
    if position.latitude < 0.0:
        northing += 10_000_000.0
    band = _BANDS[min(int((position.latitude + 80.0) // 8), len(_BANDS) - 1)]
    return GridPosition(zone, band, easting, northing)


def utm_zone(position: Position) -> int:
    """Return the UTM zone 1–60, with the exceptions for south-western Norway and Svalbard."""
    longitude = position.longitude if position.longitude < 180.0 else -180.0
    if 56.0 <= position.latitude < 64.0 and 3.0 <= longitude < 12.0:
        return 32
    if position.latitude >= 72.0 and 0.0 <= longitude < 42.0:
        return 31 + 2 * int((longitude + 3.0) // 12)
    return int((longitude + 180.0) // 6) + 1


def _transverse_mercator(latitude: float, longitude_from_centre: float) -> tuple[float, float]:
    """Return UTM's easting and its northing from the equator, in metres."""
    difference = math.radians((longitude_from_centre + 180.0) % 360.0 - 180.0)
    conformal = _conformal_tangent(math.radians(latitude))
    xi = math.atan2(conformal, math.cos(difference))
    eta = math.asinh(math.sin(difference) / math.hypot(conformal, math.cos(difference)))
    terms = list(enumerate(_ALPHA, start=1))
    north = xi + sum(alpha * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, alpha in terms)
    east = eta + sum(alpha * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, alpha in terms)
    metres = _UTM_SCALE * _RECTIFYING_RADIUS_M
    return 500_000.0 + metres * east, metres * north


def _conformal_tangent(latitude_rad: float) -> float:
    """Return the tangent of the conformal latitude."""
    tangent = math.tan(latitude_rad)
    sigma = math.sinh(_E * math.atanh(_E * math.sin(latitude_rad)))
    return tangent * math.hypot(1.0, sigma) - sigma * math.hypot(1.0, tangent)


def _ups(position: Position) -> GridPosition:
    north = position.latitude > 0.0
    latitude = math.radians(abs(position.latitude))
    longitude = math.radians(position.longitude)
    sine = min(math.sin(latitude), 1.0)
    t = math.tan(math.pi / 4 - latitude / 2) * ((1 + _E * sine) / (1 - _E * sine)) ** (_E / 2)
    scale = math.sqrt((1 + _E) ** (1 + _E) * (1 - _E) ** (1 - _E))
    rho = 2 * _A_M * _UPS_SCALE * t / scale
    easting = _UPS_FALSE_M + rho * math.sin(longitude)
    northing = _UPS_FALSE_M + rho * math.cos(longitude) * (-1 if north else 1)
    western = easting < _UPS_FALSE_M
    band = ("Y" if western else "Z") if north else ("A" if western else "B")
    return GridPosition(0, band, easting, northing)


def _square_letters(grid: GridPosition, column: int, row: int) -> str:
    if grid.zone:
        letters = _COLUMNS[grid.zone % 3]
        start = 0 if grid.zone % 2 else 5
        return letters[column - 1] + _ROWS[(row + start) % len(_ROWS)]
    # the western half's columns begin with J at 800 km, the eastern half's with A at 2000 km
    first_column = 6 - 8 if grid.band in "AY" else -20
    first_row = 8 if grid.band in "AB" else 13
    return _UPS_COLUMNS[column + first_column] + _UPS_ROWS[row - first_row]


def _dms(degrees: float, sides: str) -> str:
    tenths = round(abs(degrees) * 36_000)
    minutes, tenths = divmod(tenths, 600)
    whole, minutes = divmod(minutes, 60)
    side = sides[0] if degrees >= 0.0 else sides[1]
    return f"{whole}°{minutes:02}′{tenths / 10:04.1f}″ {side}"
