"""geolocdesk: find out, offline, where a photo was taken."""

__version__ = "0.1.0"
