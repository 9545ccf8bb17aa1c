"""The map page as a site: which bytes for which path. Knows nothing of Qt or of any network.

Everything the page may load is listed here; whatever else it asked for would be refused by the address
scheme, by the page's content security policy and by the request interceptor alike.
"""

import base64
import hashlib
import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from geolocdesk.atlas.world import load_world
from geolocdesk.cartography.gazetteer import load_gazetteer
from geolocdesk.cartography.labels import MAX_LABEL_ZOOM, LabelTiles
from geolocdesk.cartography.map_palette import style_variables
from geolocdesk.cartography.pmtiles import PMTilesFile
from geolocdesk.cartography.tile_set import VECTOR_MEDIA_TYPE, TileSet
from geolocdesk.paths import resource

SCHEME = "geolocdesk"
ORIGIN = f"{SCHEME}://map"
PAGE_PATH = "/index.html"

_LEAFLET_FILES = ("leaflet.js", "leaflet.css")
_PAGE_STYLES = ("palette.css", "map.css")
_PAGE_SCRIPTS = (
    "qwebchannel.js",
    "protomaps-leaflet.js",
    "basemap.js",
    "overlay.js",
    "furniture.js",
    "map.js",
)
_FONTS = ("Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf")
_ICONS = ("zoom-in", "zoom-out", "answer", "fit", "globe", "ruler", "layers", "chevron-down")
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf", ".svg": "image/svg+xml"}
_TILE_PATH = re.compile(
    r"/tiles/(?P<source>[a-z0-9-]{1,40})/(?P<zoom>\d{1,2})/(?P<column>\d{1,8})/(?P<row>\d{1,8})"
)
_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)

# a missing tile of pictures is an ordinary thing, not an error the page should report
_EMPTY_PNG = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True, slots=True)
class Resource:
    """What one path answers with."""

    media_type: str
    content: bytes


class MapSite:
    """Answers the page's requests."""

    def __init__(self) -> None:
        self._files: dict[str, Resource] = {}
        self._tile_sets: dict[str, TileSet] = {}

    def respond(self, path: str) -> Resource | None:
        """Return what a path answers with, or None where there is nothing. Raises MapError for a bad tile."""
        if path in self._files:
            return self._files[path]
        tile = _TILE_PATH.fullmatch(path)
        if tile is not None:
            return self._tile(tile["source"], int(tile["zoom"]), int(tile["column"]), int(tile["row"]))
        made = _made_pages().get(path)
        if made is not None:
            return made()
        file = _shipped_files().get(path)
        return None if file is None else Resource(_MEDIA_TYPES[file.suffix], file.read_bytes())

    def add_file(self, path: str, file: Resource) -> None:
        """Answer a path with a file that only the caller has."""
        self._files[path] = file

    def add_tiles(self, tile_set: TileSet) -> str:
        """Answer ``/tiles/NAME/z/x/y`` from a tile set; return NAME. The site closes the set in the end."""
        name = f"own-{len(self._tile_sets) + 1}"
        self._tile_sets[name] = tile_set
        return name

    def close(self) -> None:
        """Close every tile set."""
        for tile_set in self._tile_sets.values():
            tile_set.close()

    def warm_up(self) -> None:
        """Make what the first requests need, so that none of them waits. May run on any thread."""
        page()
        self._labels.tile(0, 0, 0)
        self._basemap.tile(0, 0, 0)

    def _tile(self, source: str, zoom: int, column: int, row: int) -> Resource | None:
        if source == "labels":
            return Resource(
                VECTOR_MEDIA_TYPE, self._labels.tile(zoom, column, row) if zoom <= MAX_LABEL_ZOOM else b""
            )
        tile_set: TileSet | None = self._basemap if source == "basemap" else self._tile_sets.get(source)
        if tile_set is None:
            return None
        content = tile_set.tile(zoom, column, row)
        if content is not None:
            return Resource(tile_set.info.media_type, content)
        return (
            Resource(VECTOR_MEDIA_TYPE, b"") if tile_set.info.is_vector else Resource("image/png", _EMPTY_PNG)
        )

    @cached_property
    def _basemap(self) -> PMTilesFile:
        return basemap()

    @cached_property
    def _labels(self) -> LabelTiles:
        return label_tiles()


@cache
def label_tiles() -> LabelTiles:
    """Return the names on the map, cut into tiles; made once and kept."""
    return LabelTiles(load_gazetteer(), load_world())


@cache
def basemap() -> PMTilesFile:
    """Return the shipped base map's tiles; opened once and kept open."""
    return PMTilesFile(resource("basemap", "basemap.pmtiles"))


@cache
def page() -> str:
    """Return the map page as folium builds it, every address ours and everything else forbidden."""
    import folium

    page_map = folium.Map(
        location=(20.0, 10.0),
        zoom_start=2,
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        wheel_px_per_zoom_level=90,
        bounce_at_zoom_limits=False,
        keyboard_pan_delta=120,
    )
    page_map._id = "geolocdesk"  # noqa: SLF001 - folium's own name would be another one each time
    page_map.default_js = [(name, f"{ORIGIN}/{name}") for name in ("leaflet.js", *_PAGE_SCRIPTS[:-1])]
    page_map.default_css = [(name, f"{ORIGIN}/{name}") for name in ("leaflet.css", *_PAGE_STYLES)]
    html: str = page_map.get_root().render()
    html = html.replace("<html>", '<html lang="en">', 1)
    # the page's own script comes last, when folium's has made the map
    html = html.replace("</html>", f'<script src="{ORIGIN}/{_PAGE_SCRIPTS[-1]}"></script>\n</html>')
    policy = f'<meta http-equiv="Content-Security-Policy" content="{content_security_policy(html)}" />'
    return html.replace("<head>", f"<head>\n    {policy}\n    <title>Map</title>", 1)


def content_security_policy(html: str) -> str:
    """Return a policy that allows our own scheme and the inline blocks of this very page, by their hashes."""
    inline: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in _INLINE.findall(html):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        inline[kind].append(f"'sha256-{digest}'")
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {SCHEME}: {' '.join(inline['script'])}",
            f"style-src {SCHEME}: {' '.join(inline['style'])}",
            f"img-src {SCHEME}: data:",
            f"font-src {SCHEME}:",
            f"connect-src {SCHEME}:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


@cache
def _made_pages() -> Mapping[str, Callable[[], Resource]]:
    return {
        PAGE_PATH: lambda: Resource("text/html", page().encode()),
        "/palette.css": lambda: Resource("text/css", style_variables().encode()),
    }


@cache
def _shipped_files() -> Mapping[str, Path]:
    leaflet = _leaflet_folder()
    own = [name for name in (*_PAGE_STYLES, *_PAGE_SCRIPTS) if (resource("map") / name).is_file()]
    return {
        **{f"/{name}": leaflet / name for name in _LEAFLET_FILES},
        **{f"/{name}": resource("map", name) for name in own},
        "/protomaps-leaflet.js": resource("map", "vendor", "protomaps-leaflet.js"),
        **{f"/icons/{name}.svg": resource("icons", f"{name}.svg") for name in _ICONS},
        **{f"/fonts/{name}": resource("fonts", name) for name in _FONTS},
    }


def _leaflet_folder() -> Path:
    """Return XStatic-Leaflet's folder of files, found without running the package."""
    spec = importlib.util.find_spec("xstatic.pkg.leaflet")
    if spec is None or spec.origin is None:
        message = "the installation is incomplete: XStatic-Leaflet is missing"
        raise ModuleNotFoundError(message)
    return Path(spec.origin).parent / "data"
