"""Regions against closed forms, independent sampling and areas measured another way."""

import math

import numpy as np
import pytest
import shapely

from geolocdesk.estimation.density import Density
from geolocdesk.estimation.kernel import mass_by_angle
from geolocdesk.estimation.location import Region
from geolocdesk.estimation.mesh import build_mesh
from geolocdesk.estimation.region import (
    REGION_MASSES,
    SURFACE_MASSES,
    density_surface,
    highest_density_regions,
    regions_above,
)
from geolocdesk.estimation.sums import Field
from geolocdesk.geodesy import (
    SPHERE_AREA_KM2,
    angle_rad,
    contains,
    plane_polygons,
    positions_of,
    ring_area_km2,
    unit_vectors,
)
from tests.unit.estimation.configurations import Floats, density_of, random_density, sampled


def inside(region: Region, points: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    latitudes, longitudes = positions_of(points)
    held = np.zeros(len(points), dtype=np.bool_)
    for part in region.parts:
        here = contains(part.exterior, latitudes, longitudes)
        for hole in part.holes:
            here &= contains(hole, latitudes, longitudes)
        assert not (held & here).any(), "parts overlap"
        held |= here
    return held


def inside_flat_map(region: Region, points: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return the same by another way: shapely, on the region's polygons of longitude and latitude."""
    polygons = [polygon for part in region.parts for polygon in plane_polygons(part.exterior, part.holes)]
    latitudes, longitudes = positions_of(points)
    held = np.zeros(len(points), dtype=np.bool_)
    for polygon in polygons:
        shape = shapely.Polygon(polygon.exterior, polygon.holes)
        shapely.prepare(shape)
        held |= shapely.contains_xy(shape, longitudes, latitudes)
    return held


def area_km2(region: Region) -> float:
    return sum(
        ring_area_km2(part.exterior) - sum(ring_area_km2(hole[::-1]) for hole in part.holes)
        for part in region.parts
    )


@pytest.mark.parametrize("seed", range(40))
def test_regions_hold_their_mass_of_independent_samples(seed: int) -> None:
    random = np.random.default_rng(seed)
    density = random_density(random)
    points = sampled(density, 20_000, random)
    for region in highest_density_regions(density):
        assert float(inside_flat_map(region, points).mean()) == pytest.approx(region.mass, abs=0.016)
        assert region.area_km2 == pytest.approx(area_km2(region), rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_mass_is_right_within_one_percent_of_many_samples(seed: int) -> None:
    random = np.random.default_rng(900 + seed)
    density = random_density(random, bandwidths_deg=(1.0, 4.0, 16.0), counts=(10, 100))
    points = sampled(density, 120_000, random)
    for region in highest_density_regions(density):
        assert float(inside_flat_map(region, points).mean()) == pytest.approx(region.mass, abs=0.01)


@pytest.mark.parametrize("seed", range(10))
def test_the_flat_map_shows_the_same_region(seed: int) -> None:
    random = np.random.default_rng(300 + seed)
    density = random_density(random, bandwidths_deg=(1.0, 4.0, 16.0, 60.0), counts=(2, 10, 40))
    points = sampled(density, 1500, random)
    for region in highest_density_regions(density):
        differ = inside(region, points) != inside_flat_map(region, points)
        assert float(differ.mean()) < 0.003


@pytest.mark.parametrize("seed", range(10))
def test_what_lies_inside_is_denser_than_what_lies_outside(seed: int) -> None:
    random = np.random.default_rng(50 + seed)
    density = random_density(random, bandwidths_deg=(1.0, 4.0, 16.0))
    points = sampled(density, 4000, random)
    heights = density.evaluate(*positions_of(points))
    for region in highest_density_regions(density):
        held = inside(region, points)
        assert heights[held].min() >= 0.93 * heights[~held].max()


@pytest.mark.parametrize("bandwidth_deg", [0.001, 0.1, 1.0, 4.0, 16.0, 60.0, 180.0])
@pytest.mark.parametrize("position", [(0.0, 0.0), (89.9, 10.0), (-90.0, 0.0), (30.0, 180.0)])
def test_one_kernels_regions_are_discs_of_the_closed_forms_area(
    position: tuple[float, float], bandwidth_deg: float
) -> None:
    density = density_of(position, bandwidth_deg=bandwidth_deg)
    angles, mass = mass_by_angle(density.bandwidth_rad)
    for region in highest_density_regions(density):
        radius = float(np.interp(region.mass, mass, angles))
        (part,) = region.parts
        assert part.holes == ()
        assert region.area_km2 == pytest.approx(SPHERE_AREA_KM2 * math.sin(radius / 2.0) ** 2, rel=0.006)
        rim = angle_rad(unit_vectors(part.exterior[:, 0], part.exterior[:, 1]), unit_vectors(*position))
        assert rim.tolist() == pytest.approx([radius] * len(rim), rel=0.006)


def test_outlines_are_smooth() -> None:
    density = density_of((47.0, 8.0))
    for region in highest_density_regions(density):
        (part,) = region.parts
        vectors = unit_vectors(part.exterior[:, 0], part.exterior[:, 1])
        edges = np.diff(np.vstack([vectors, vectors[1]]), axis=0)
        edges /= np.linalg.norm(edges, axis=1)[:, None]
        turns = np.degrees(np.arccos(np.clip(np.einsum("ij,ij->i", edges[:-1], edges[1:]), -1.0, 1.0)))
        assert turns.max() < 15.0


def test_neighbours_in_a_circle_leave_a_hole() -> None:
    ring = [
        (20.0 * math.sin(angle), 20.0 * math.cos(angle))
        for angle in np.linspace(0.0, 2.0 * math.pi, 24, endpoint=False)
    ]
    region = highest_density_regions(density_of(*ring), [0.9])[0]
    (part,) = region.parts
    assert len(part.holes) == 1
    assert contains(part.exterior, 0.0, 0.0)
    assert not contains(part.holes[0], 0.0, 0.0)


def test_a_band_round_the_globe_has_one_exterior_and_one_hole() -> None:
    band = [(10.0, longitude) for longitude in range(-180, 180, 6)]
    region = highest_density_regions(density_of(*band), [0.5])[0]
    (part,) = region.parts
    assert len(part.holes) == 1
    everywhere = np.random.default_rng(2).normal(size=(3000, 3))
    latitudes, _ = positions_of(everywhere)
    held = inside(region, everywhere)
    assert held[np.abs(latitudes - 10.0) < 1.5].all()
    assert not held[np.abs(latitudes - 10.0) > 8.0].any()
    assert region.area_km2 == pytest.approx(area_km2(region))


def test_nine_tenths_of_a_kernel_as_wide_as_the_globe_is_more_than_half_of_it() -> None:
    region = highest_density_regions(density_of((10.0, 20.0), (-50.0, 100.0), bandwidth_deg=180.0), [0.9])[0]
    assert region.area_km2 > 0.8 * SPHERE_AREA_KM2
    assert inside(region, unit_vectors([10.0, -50.0], [20.0, 100.0])).all()


@pytest.mark.parametrize("bandwidth_deg", [40.0, 90.0, 180.0])
def test_a_nearly_even_density_has_regions_of_nearly_their_mass_of_the_globe(bandwidth_deg: float) -> None:
    heights = 1.0 - 2.0 * (np.arange(100) + 0.5) / 100.0
    turns = np.degrees(np.pi * (1.0 + math.sqrt(5.0)) * np.arange(100))
    places = zip(np.degrees(np.arcsin(heights)), np.mod(turns, 360.0) - 180.0, strict=True)
    density = density_of(*[(float(lat), float(lon)) for lat, lon in places], bandwidth_deg=bandwidth_deg)
    for region in highest_density_regions(density):
        assert region.area_km2 / SPHERE_AREA_KM2 == pytest.approx(region.mass, abs=0.06)
        assert region.area_km2 == pytest.approx(area_km2(region))


def test_a_perfectly_even_density_has_everything_but_a_kilometre() -> None:
    mesh = build_mesh(0.3, lambda centres, _circle_rad: np.ones(len(centres), dtype=np.bool_))
    count = len(mesh.vertices)
    even = Field(np.ones(count), np.zeros((count, 3)), np.zeros(count))
    (region,) = regions_above([0.5], [1.0], mesh, even, pieces=2)
    assert region.area_km2 == pytest.approx(SPHERE_AREA_KM2, rel=1e-7)
    assert region.area_km2 == area_km2(region)


@pytest.mark.parametrize("mass", [0.0, 1.0, -0.5, float("nan")])
def test_a_mass_that_is_no_share_is_refused(mass: float) -> None:
    with pytest.raises(ValueError, match="not shares"):
        highest_density_regions(density_of((0.0, 0.0)), [0.5, mass])


def test_far_apart_neighbours_have_parts_of_their_own_largest_first() -> None:
    density = density_of((0.0, 0.0), (0.0, 90.0), (60.0, 180.0), distances=[0.8, 0.79, 0.78])
    region = highest_density_regions(density, [0.9])[0]
    areas = [ring_area_km2(part.exterior) for part in region.parts]
    assert len(areas) == 3
    assert areas == sorted(areas, reverse=True)


@pytest.mark.parametrize("seed", range(15))
def test_regions_become_valid_polygons_on_flat_maps(seed: int) -> None:
    density = random_density(np.random.default_rng(70 + seed), bandwidths_deg=(1.0, 4.0, 16.0, 60.0))
    for region in highest_density_regions(density):
        for part in region.parts:
            for polygon in plane_polygons(part.exterior, part.holes):
                shape = shapely.Polygon(polygon.exterior, polygon.holes)
                assert shapely.is_valid(shape), shapely.is_valid_reason(shape)


def test_the_surface_is_nested() -> None:
    density = random_density(np.random.default_rng(3), bandwidths_deg=(4.0,), counts=(40,))
    surface = density_surface(density)
    assert tuple(region.mass for region in surface) == SURFACE_MASSES
    points = sampled(density, 4000, np.random.default_rng(8))
    smaller = np.zeros(len(points), dtype=np.bool_)
    for region in surface:
        held = inside(region, points)
        assert (held | ~smaller).all()
        smaller = held
    areas = [region.area_km2 for region in surface]
    assert areas == sorted(areas)


def test_regions_come_in_the_order_asked_for_and_are_read_only() -> None:
    density: Density = density_of((0.0, 0.0))
    assert [region.mass for region in highest_density_regions(density)] == list(REGION_MASSES)
    half = highest_density_regions(density, [0.9, 0.5])[1]
    assert half.mass == 0.5
    with pytest.raises(ValueError, match="read-only"):
        half.parts[0].exterior[0, 0] = 0.0
