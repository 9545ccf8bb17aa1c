"""The base map's own colours beside the program's palette, and both as the page's style variables."""

from dataclasses import dataclass, fields

from geolocdesk.colours import DARK, LIGHT, Palette


@dataclass(frozen=True, slots=True)
class MapPalette:
    """Colours of the ground the map's content is drawn on; quiet, so that the content speaks."""

    sea: str
    land: str
    coast: str
    border: str
    disputed: str
    province: str
    country_label: str
    city_label: str
    sea_label: str
    halo: str
    graticule: str
    graticule_label: str
    outside: str
    """Beyond the strip of longitudes that is shown."""
    casing: str
    """Round lines and markers, so that they stand out from any ground."""


LIGHT_MAP = MapPalette(
    sea="#d3e1ea",
    land="#f8f6f1",
    coast="#a9c0ce",
    border="#aaa195",
    disputed="#b9a48f",
    province="#ddd6cb",
    country_label="#565a66",
    city_label="#4a4d57",
    sea_label="#6f93aa",
    halo="#f8f6f1",
    graticule="#8fa6b5",
    graticule_label="#5d7686",
    outside="#e3e7ec",
    casing="#ffffff",
)

DARK_MAP = MapPalette(
    sea="#12181f",
    land="#262c34",
    coast="#3f4d5b",
    border="#5c6672",
    disputed="#736a5e",
    province="#353d47",
    country_label="#a9b1bd",
    city_label="#b3bac4",
    sea_label="#56718a",
    halo="#1d232a",
    graticule="#4a5a69",
    graticule_label="#8397a8",
    outside="#0d1013",
    casing="#0f1317",
)


def map_palette(palette: Palette) -> MapPalette:
    """Return the map colours that go with a palette."""
    return DARK_MAP if palette.is_dark else LIGHT_MAP


def style_variables() -> str:
    """Return both schemes as CSS custom properties; ``data-theme`` on the root element chooses."""
    light = "\n".join(_variables(LIGHT))
    dark = "\n".join(_variables(DARK))
    return f':root {{\n{light}\n}}\n:root[data-theme="dark"] {{\n{dark}\n}}\n'


def _variables(palette: Palette) -> list[str]:
    entries = {entry.name: getattr(palette, entry.name) for entry in fields(palette)}
    entries |= {
        f"map_{entry.name}": getattr(map_palette(palette), entry.name) for entry in fields(MapPalette)
    }
    lines = [f"  color-scheme: {palette.name};"]
    for name, value in entries.items():
        prefix = f"  --{name.replace('_', '-')}"
        if isinstance(value, tuple):
            lines += [f"{prefix}-{index}: {colour};" for index, colour in enumerate(value)]
        elif isinstance(value, str) and value.startswith("#"):
            lines.append(f"{prefix}: {value};")
    return lines
