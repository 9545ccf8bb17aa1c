"""Flickr's own names for photos: what an id says about its photo's page and its photographer."""

import re
from dataclasses import dataclass

from geolocdesk.unavailable import Unavailable

_WITH_OWNER = re.compile(r"(?P<photo>\d{3,14})_[0-9a-f]{6,16}_\d{1,6}_(?P<owner>\d{1,12}@N\d\d)")
"""Photo, secret, server and owner, as the Im2GPS collections name their files."""

_WITH_SECRET = re.compile(r"(?P<photo>\d{3,14})_[0-9a-f]{10}(?:_[a-z0-9]{1,2})?")
"""Photo, secret and perhaps a size, as Flickr names a downloaded file."""

_ENDING = re.compile(r"\.(?:jpe?g|png|gif)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FlickrPhoto:
    """Where a photo was published, as far as its id tells."""

    url: str | Unavailable = Unavailable.NOT_AVAILABLE
    photographer: str | Unavailable = Unavailable.NOT_AVAILABLE
    """Flickr's number for the photo's owner, such as ``12345678@N00``."""


def flickr_photo(reference_id: str) -> FlickrPhoto:
    """Return what an id in one of Flickr's forms tells, folders and endings aside; nothing for any other id."""
    name = _ENDING.sub("", re.split(r"[/\\]", reference_id)[-1])
    if found := _WITH_OWNER.fullmatch(name):
        owner = found["owner"]
        return FlickrPhoto(f"https://www.flickr.com/photos/{owner}/{found['photo']}/", owner)
    if found := _WITH_SECRET.fullmatch(name):
        return FlickrPhoto(f"https://www.flickr.com/photo.gne?id={found['photo']}")
    return FlickrPhoto()
