"""Meridians and parallels of the part of the world in view, with their labels."""

import math
from dataclasses import dataclass

import numpy as np

from geolocdesk.cartography.frame import GeoJson, collection, feature, point_geometry
from geolocdesk.cartography.labels import mercator
from geolocdesk.geodesy import normalise_longitude

STEPS_DEG = (30.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
_LINE_EVERY_PX = 130.0
_GREATEST_LATITUDE = 85.0
_CORNER_PX = 100.0


@dataclass(frozen=True, slots=True)
class View:
    """What a map in Web Mercator shows: a box in degrees (longitudes may pass ±180°) and its size in pixels."""

    west: float
    south: float
    east: float
    north: float
    width_px: float
    height_px: float


def graticule(view: View) -> GeoJson:
    """Return lines as a FeatureCollection, and points with ``text`` and ``kind`` where labels go.

    Labels of meridians stand at the view's upper edge, those of parallels at its right edge, except in the
    corners, where the map's buttons are.
    """
    step = _step(view)
    decimals = max(0, math.ceil(-math.log10(step) - 1e-9))
    meridians = _multiples(view.west, view.east, step)
    south, north = max(view.south, -_GREATEST_LATITUDE), min(view.north, _GREATEST_LATITUDE)
    parallels = _multiples(south, north, step)
    features = [_line([[longitude, south], [longitude, north]]) for longitude in meridians]
    features += [_line([[view.west, latitude], [view.east, latitude]]) for latitude in parallels]
    features += [
        feature(point_geometry([place, north]), kind="meridian", text=_longitude_text(place, decimals))
        for place in meridians
        if _is_clear(_across(place, view), view.width_px)
    ]
    features += [
        feature(point_geometry([view.east, place]), kind="parallel", text=_latitude_text(place, decimals))
        for place in parallels
        if _is_clear(_down(place, view), view.height_px)
    ]
    return collection(features)


def _is_clear(place_px: float, length_px: float) -> bool:
    return _CORNER_PX < place_px < length_px - _CORNER_PX


def _across(longitude: float, view: View) -> float:
    return (longitude - view.west) / (view.east - view.west) * view.width_px


def _down(latitude: float, view: View) -> float:
    _, (top, place, bottom) = mercator([view.north, latitude, view.south], [0.0, 0.0, 0.0])
    return float((place - top) / (bottom - top) * view.height_px)


def _step(view: View) -> float:
    degrees_per_px = (view.east - view.west) / max(view.width_px, 1.0)
    wanted = degrees_per_px * _LINE_EVERY_PX
    return next((step for step in reversed(STEPS_DEG) if step >= wanted), STEPS_DEG[0])


def _multiples(low: float, high: float, step: float) -> list[float]:
    whole = np.arange(math.ceil(low / step), math.floor(high / step) + 1)
    return [round(float(number) * step, 6) for number in whole]


def _line(coordinates: list[list[float]]) -> GeoJson:
    return feature({"type": "LineString", "coordinates": coordinates})


def _longitude_text(longitude: float, decimals: int) -> str:
    degrees = float(normalise_longitude(longitude))
    side = "" if degrees in (0.0, 180.0, -180.0) else " W" if degrees < 0.0 else " E"
    return f"{abs(degrees):.{decimals}f}°{side}"


def _latitude_text(latitude: float, decimals: int) -> str:
    side = "" if latitude == 0.0 else " S" if latitude < 0.0 else " N"
    return f"{abs(latitude):.{decimals}f}°{side}"
