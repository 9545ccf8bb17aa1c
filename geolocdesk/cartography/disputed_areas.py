"""Areas whose status is disputed, as rough boxes: enough to say so, and to leave the rest to the reader.

Natural Earth draws borders by who controls the land, and GeoNames files towns under the country its editors
chose. A report must not settle by the way what states disagree on, so places in these boxes are marked. The
boxes are ours, wider than the areas, and say nothing about where a line should run.
"""

from dataclasses import dataclass

from geolocdesk.geodesy import Position


@dataclass(frozen=True, slots=True)
class DisputedArea:
    """A box in degrees round an area."""

    name: str
    west: float
    south: float
    east: float
    north: float

    def holds(self, position: Position) -> bool:
        """Return whether the position lies in the box."""
        return self.west <= position.longitude <= self.east and self.south <= position.latitude <= self.north


DISPUTED_AREAS = (
    DisputedArea("Abkhazia", 39.9, 42.4, 42.2, 43.7),
    DisputedArea("Abyei", 27.0, 9.2, 29.6, 10.6),
    DisputedArea("Arunachal Pradesh", 91.5, 26.6, 97.5, 29.6),
    DisputedArea("Crimea", 32.3, 44.2, 36.8, 46.25),
    DisputedArea("eastern and southern Ukraine", 32.8, 46.0, 40.3, 50.2),
    DisputedArea("the Essequibo region", -61.5, 1.1, -58.0, 8.7),
    DisputedArea("the Falkland Islands (Malvinas)", -61.8, -52.6, -57.5, -50.9),
    DisputedArea("the Gaza Strip", 34.2, 31.2, 34.6, 31.6),
    DisputedArea("Gibraltar", -5.37, 36.1, -5.33, 36.17),
    DisputedArea("the Golan Heights", 35.6, 32.65, 36.05, 33.4),
    DisputedArea("the Hala'ib Triangle", 33.1, 21.9, 37.1, 23.2),
    DisputedArea("Jammu and Kashmir, Ladakh and Aksai Chin", 72.4, 32.2, 80.5, 37.2),
    DisputedArea("Kosovo", 20.0, 41.8, 21.9, 43.3),
    DisputedArea("the southern Kuril Islands", 145.3, 43.3, 149.0, 45.6),
    DisputedArea("Mayotte", 44.9, -13.1, 45.4, -12.6),
    DisputedArea("northern Cyprus", 32.5, 34.95, 34.7, 35.75),
    DisputedArea("the Paracel Islands", 111.0, 15.6, 113.0, 17.3),
    DisputedArea("the Senkaku (Diaoyu) Islands", 123.3, 25.6, 124.7, 26.1),
    DisputedArea("Somaliland", 42.6, 7.9, 49.1, 11.6),
    DisputedArea("South Ossetia", 43.3, 41.9, 44.9, 42.8),
    DisputedArea("the Spratly Islands", 111.0, 6.9, 118.0, 12.1),
    DisputedArea("Taiwan", 118.1, 21.7, 122.2, 26.5),
    DisputedArea("Takeshima (Dokdo)", 131.7, 37.1, 132.0, 37.4),
    DisputedArea("Transnistria", 28.9, 46.4, 30.2, 48.2),
    DisputedArea("the West Bank and East Jerusalem", 34.85, 31.3, 35.6, 32.6),
    DisputedArea("Western Sahara", -17.3, 20.7, -8.6, 27.8),
)


def disputed_area_at(position: Position) -> str | None:
    """Return the name of the smallest such area that a position lies in or near, or None."""
    held = [area for area in DISPUTED_AREAS if area.holds(position)]
    smallest = min(held, key=lambda area: (area.east - area.west) * (area.north - area.south), default=None)
    return None if smallest is None else smallest.name
