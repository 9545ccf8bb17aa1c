"""The page and everything it may load."""

import base64
import hashlib
import re
import subprocess
import sys

import mapbox_vector_tile
import pytest

from geolocdesk.cartography.labels import MAX_LABEL_ZOOM
from geolocdesk.cartography.map_palette import DARK_MAP, LIGHT_MAP, MapPalette, style_variables
from geolocdesk.cartography.site import ORIGIN, MapSite, Resource, page
from geolocdesk.colours import DARK, LIGHT, Palette, contrast


@pytest.fixture(scope="module")
def site() -> MapSite:
    return MapSite()


def respond(site: MapSite, path: str) -> Resource:
    found = site.respond(path)
    assert found is not None, path
    return found


def test_the_page_names_only_our_own_addresses() -> None:
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page())
    assert len(addresses) >= 9
    assert all(address.startswith(f"{ORIGIN}/") for address in addresses)
    assert re.findall(r"https?:", page()) == []


def test_everything_the_page_asks_for_is_there(site: MapSite) -> None:
    site.add_file("/qwebchannel.js", Resource("text/javascript", b"//"))
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page())
    for address in addresses:
        assert respond(site, address.removeprefix(ORIGIN)).content
    styles = "".join(
        respond(site, address.removeprefix(ORIGIN)).content.decode()
        for address in addresses
        if address.endswith("map.css")
    )
    named = re.findall(r'url\("([^"]+)"\)', styles)
    assert len(named) > 8
    for address in named:
        assert address.startswith(f"{ORIGIN}/")
        assert respond(site, address.removeprefix(ORIGIN)).content


def test_the_policy_allows_our_scheme_and_the_page_s_own_blocks_only() -> None:
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', page())
    assert found is not None
    policy = dict(part.strip().split(" ", 1) for part in found[1].split(";"))
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in found[1]
    assert policy["connect-src"] == policy["font-src"] == "geolocdesk:"
    blocks = re.findall(r"<script>(.*?)</script>", page(), re.DOTALL)
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()}'" for block in blocks
    }
    assert hashes == set(policy["script-src"].split()[1:])
    assert page().index("Content-Security-Policy") < page().index("<script")


def test_the_page_is_the_same_in_every_process() -> None:
    command = "from geolocdesk.cartography.site import page; import hashlib; print(hashlib.sha256(page().encode()).hexdigest())"
    other = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == hashlib.sha256(page().encode()).hexdigest()


@pytest.mark.parametrize(
    "path",
    ["", "/", "/nothing.js", "/../pyproject.toml", "/fonts/../map.css", "/tiles/own-1/0/0/0", "/tiles/basemap/a/0/0",
     "/tiles/basemap/1/2", "//etc/passwd", "/icons/warning.svg", "/tiles/basemap/0/0/0/"],
)  # fmt: skip
def test_what_is_not_listed_is_not_there(site: MapSite, path: str) -> None:
    assert site.respond(path) is None


def test_base_map_tiles_are_vectors(site: MapSite) -> None:
    tile = mapbox_vector_tile.decode(respond(site, "/tiles/basemap/4/8/5").content)
    assert set(tile) == {"land", "lakes", "provinces", "borders"}
    assert {entry["properties"]["kind"] for entry in tile["borders"]["features"]} <= {"border", "disputed"}


@pytest.mark.parametrize("zoom", range(7))
def test_every_zoom_of_the_base_map_has_land(site: MapSite, zoom: int) -> None:
    column, row = (1 << zoom) * 196 // 360, (1 << zoom) * 92 // 256  # the Alps and around
    tile = mapbox_vector_tile.decode(respond(site, f"/tiles/basemap/{zoom}/{column}/{row}").content)
    assert "land" in tile


def test_tiles_outside_the_world_are_empty(site: MapSite) -> None:
    assert respond(site, "/tiles/basemap/2/9/9").content == b""
    assert respond(site, f"/tiles/labels/{MAX_LABEL_ZOOM + 1}/0/0").content == b""


def test_labels_name_more_as_one_comes_closer(site: MapSite) -> None:
    def names(zoom: int, column: int, row: int, layer: str) -> set[str]:
        content = respond(site, f"/tiles/labels/{zoom}/{column}/{row}").content
        tile = mapbox_vector_tile.decode(content)
        return {entry["properties"]["name"] for entry in tile.get(layer, {"features": []})["features"]}

    assert "Atlantic Ocean" in names(0, 0, 0, "seas")
    assert {"France", "Germany"} <= names(3, 4, 2, "countries")
    assert "Zagreb" in names(3, 4, 2, "cities")
    assert "Karlovac" not in names(3, 4, 2, "cities")
    assert "Karlovac" in names(8, 139, 91, "cities")


def test_both_schemes_are_written_as_variables() -> None:
    styles = style_variables()
    light, dark = styles.split(':root[data-theme="dark"]')
    assert f"--map-sea: {LIGHT_MAP.sea};" in light
    assert f"--map-sea: {DARK_MAP.sea};" in dark
    assert f"--levels-4: {LIGHT.levels[4]};" in light
    assert f"--levels-4: {DARK.levels[4]};" in dark


@pytest.mark.parametrize(("palette", "ground"), [(LIGHT, LIGHT_MAP), (DARK, DARK_MAP)], ids=["light", "dark"])
def test_names_and_marks_stand_out_from_the_ground(palette: Palette, ground: MapPalette) -> None:
    for label in ("country_label", "city_label"):
        assert contrast(getattr(ground, label), ground.land) >= 4.5
    for mark in ("neighbour", "exif"):
        assert contrast(getattr(palette, mark), ground.land) >= 3.0
        assert contrast(getattr(palette, mark), ground.sea) >= 3.0
    for level in palette.levels:
        assert contrast(level, ground.land) >= 3.0
        assert contrast(level, ground.sea) >= 3.0
