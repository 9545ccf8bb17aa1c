"""Styles and scripts of the HTML report, all inline, and the policy that allows exactly these.

The map's own come from the map page's site, so that the report draws what the window draws.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geolocdesk.cartography.site import ORIGIN, MapSite
from geolocdesk.paths import resource

_MAP_STYLES = ("/leaflet.css", "/map.css")
_MAP_SCRIPTS = ("/leaflet.js", "/protomaps-leaflet.js")
_SHARED_SCRIPTS = ("/basemap.js", "/overlay.js", "/furniture.js", "/map.js")
_ICON = re.compile(rf'url\("{ORIGIN}(/icons/[a-z0-9-]+\.svg)"\)')
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_OTHER_ADDRESS = re.compile(r"url\((?!\"data:)[^)]*\)")
_FOREIGN_END = re.compile(r"</(script|style)|<!--", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PagePieces:
    """What the page is made of besides its text; ready to be put between its tags."""

    policy: str
    styles: tuple[Markup, ...]
    first_script: Markup
    """Runs before anything is drawn."""
    scripts: tuple[Markup, ...]
    licences: tuple[str, ...]
    """Of what others made of it, which must go wherever it goes."""


def page_pieces(*, with_map: bool) -> PagePieces:
    """Return the styles and scripts of a report with or without its map."""
    site = MapSite()
    styles = [_served(site, "/palette.css")]
    scripts = [_own("report.js")]
    if with_map:
        styles += [_self_contained(site, _served(site, name)) for name in _MAP_STYLES]
        scripts = [
            *(_served(site, name) for name in _MAP_SCRIPTS),
            _own("report_map.js"),
            *(_served(site, name) for name in _SHARED_SCRIPTS),
            *scripts,
        ]
    styles.append(_own("report.css"))
    first = _own("first.js")
    return PagePieces(
        policy=_policy([first, *scripts], styles),
        styles=tuple(map(_inline, styles)),
        first_script=_inline(first),
        scripts=tuple(map(_inline, scripts)),
        licences=_map_licences() if with_map else (),
    )


def _served(site: MapSite, path: str) -> str:
    """Return the text of one of the map page's files."""
    found = site.respond(path)
    if found is None:
        message = f"the installation is incomplete: the map page has no {path}"
        raise FileNotFoundError(message)
    # as the browser's parser ends lines, or the policy's hash would not fit
    return found.content.decode("utf-8").replace("\r\n", "\n")


def _own(name: str) -> str:
    return resource("report", "html", name).read_text(encoding="utf-8")


def _map_licences() -> tuple[str, ...]:
    files = (
        resource("report", "html", "map-licences.txt"),
        resource("map", "vendor", "protomaps-leaflet.LICENCES.txt"),
    )
    return tuple(file.read_text(encoding="utf-8") for file in files)


def _self_contained(site: MapSite, style: str) -> str:
    """Return a style with its icons inside, without fonts (the reader's own serve) or any other address."""

    def icon(found: re.Match[str]) -> str:
        content = base64.b64encode(_served(site, found[1]).encode()).decode("ascii")
        return f'url("data:image/svg+xml;base64,{content}")'

    return _OTHER_ADDRESS.sub("none", _ICON.sub(icon, _FONT_FACE.sub("", style)))


def _inline(text: str) -> Markup:
    """Return a style or script as it stands between its tags. Raises ValueError where it would end early."""
    if _FOREIGN_END.search(text):
        message = "a style or script of the report holds a tag that would end it"
        raise ValueError(message)
    return Markup(text)  # noqa: S704 - our own files, looked through above


def _policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Return a policy that allows these very blocks and pictures inside the file, and nothing else."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_hash_source, scripts))}",
            f"style-src {' '.join(map(_hash_source, styles))}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash_source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"
