"""Text from files and packs, made safe to look at; the same words serve the map and the reports."""

from geolocdesk.visible_text import visible_text

__all__ = ["visible_text"]
