"""How numbers are written in the window; the same words serve the map and the reports."""

from geolocdesk.quantities import (
    NO_BREAK,
    area_text,
    count_text,
    distance_text,
    share_text,
    size_text,
)

__all__ = ["NO_BREAK", "area_text", "count_text", "distance_text", "share_text", "size_text"]
