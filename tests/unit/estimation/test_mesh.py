import math

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.estimation.mesh import Mesh, build_mesh
from geolocdesk.geodesy import angle_rad

EDGES_DEG = [60.0, 30.0, 13.0, 8.0, 5.0, 3.1]


def everywhere(centres: NDArray[np.float64], _circle_rad: float) -> NDArray[np.bool_]:
    return np.ones(len(centres), dtype=np.bool_)


def edge_lengths(mesh: Mesh) -> NDArray[np.float64]:
    corners = mesh.vertices[mesh.triangles]
    return angle_rad(corners, np.roll(corners, -1, axis=1))


@pytest.mark.parametrize("edge_deg", EDGES_DEG)
def test_the_whole_mesh_is_a_closed_sphere(edge_deg: float) -> None:
    mesh = build_mesh(math.radians(edge_deg), everywhere)
    directed = {
        tuple(edge)
        for triangle in mesh.triangles.tolist()
        for edge in zip(triangle, triangle[1:] + triangle[:1], strict=True)
    }
    assert len(directed) == 3 * len(mesh.triangles)
    assert all((end, start) in directed for start, end in directed)
    assert len(mesh.vertices) - len(directed) // 2 + len(mesh.triangles) == 2
    assert np.allclose(np.linalg.norm(mesh.vertices, axis=1), 1.0)
    assert mesh.areas.sum() == pytest.approx(4.0 * math.pi)


@pytest.mark.parametrize("edge_deg", EDGES_DEG)
def test_edges_are_as_short_as_asked_and_not_much_shorter(edge_deg: float) -> None:
    lengths = edge_lengths(build_mesh(math.radians(edge_deg), everywhere))
    assert lengths.max() <= math.radians(edge_deg)
    assert lengths.mean() >= 0.45 * math.radians(edge_deg)


def test_triangles_run_counter_clockwise() -> None:
    mesh = build_mesh(0.1, everywhere)
    a, b, c = (mesh.vertices[mesh.triangles[:, corner]] for corner in range(3))
    assert (np.einsum("ij,ij->i", a, np.cross(b, c)) > 0.0).all()


@pytest.mark.parametrize("edge_deg", [9.0, 5.0, 0.4, 0.001])
def test_only_the_wanted_part_is_fine_and_it_covers_what_was_wanted(edge_deg: float) -> None:
    centre = np.array([0.6, -0.64, 0.48])
    radius = math.radians(4.0 * edge_deg)

    def near(centres: NDArray[np.float64], circle_rad: float) -> NDArray[np.bool_]:
        return np.asarray(angle_rad(centres, centre) <= radius + circle_rad, dtype=np.bool_)

    mesh = build_mesh(math.radians(edge_deg), near)
    assert len(mesh.triangles) < 1500
    # every point of the wanted disc lies in some triangle
    random = np.random.default_rng(0)
    points = centre + radius * 0.57 * random.uniform(-1.0, 1.0, size=(200, 3))
    points /= np.linalg.norm(points, axis=1)[:, None]
    a, b, c = (mesh.vertices[mesh.triangles[:, corner]] for corner in range(3))
    inside = np.ones((len(points), len(mesh.triangles)), dtype=np.bool_)
    for first, second in ((a, b), (b, c), (c, a)):
        inside &= points @ np.cross(first, second - first).T >= -1e-16
    assert inside.any(axis=1).all()


def test_circles_round_the_centres_hold_the_triangles() -> None:
    seen: list[tuple[NDArray[np.float64], float]] = []

    def remember(centres: NDArray[np.float64], circle_rad: float) -> NDArray[np.bool_]:
        seen.append((centres, circle_rad))
        return everywhere(centres, circle_rad)

    for edge_deg in (8.0, 5.0):
        build_mesh(math.radians(edge_deg), remember)
    for centres, circle_rad in seen:
        # neighbouring triangles' centres lie within two such circles of each other, and the circles cover all
        points = np.random.default_rng(1).normal(size=(3000, 3))
        points /= np.linalg.norm(points, axis=1)[:, None]
        assert np.arccos((points @ centres.T).max(axis=1)).max() <= circle_rad
