"""What stands around a place: one plan of houses, plants, poles, fences and cars that all its photos share."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.practice.buildings import House
from geolocdesk.practice.look import Look, Rgb, Road, rgb, rgb_from_bytes
from geolocdesk.practice.plants import KINDS, VARIANTS
from geolocdesk.practice.regions import Fence, HouseForm
from geolocdesk.practice.roadside import Car, FencePanel, PoleLine, Sign

_REACH_M = 150.0


@dataclass(frozen=True, slots=True)
class Plant:
    """One tree, shrub or tuft of grass."""

    kind: str
    variant: int
    along: float
    across: float
    height_m: float


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that stands on the plan of one place."""

    look: Look
    houses: tuple[House, ...]
    plants: tuple[Plant, ...]
    poles: PoleLine | None
    fences: tuple[FencePanel, ...]
    cars: tuple[Car, ...]
    signs: tuple[Sign, ...]
    camera_across_m: float
    camera_height_m: float
    horizon_share: float
    """Height of the horizon in the picture, from the top, as a share."""


def plan_scene(look: Look) -> Scene:
    """Return the plan of a place."""
    rng = np.random.default_rng([look.place.seed, 2])
    houses = tuple(_houses(look, rng))
    poles = _poles(look, rng)
    fences = tuple(_fences(look, rng))
    camera_across = _camera_across(look.road, rng)
    plants = tuple(_plants(look, houses, camera_across, rng))
    return Scene(
        look=look,
        houses=houses,
        plants=plants,
        poles=poles,
        fences=fences,
        cars=tuple(_cars(look, rng)),
        signs=tuple(_signs(look, rng)),
        camera_across_m=camera_across,
        camera_height_m=float(rng.uniform(1.8, 2.6)),
        horizon_share=float(rng.uniform(0.47, 0.57)),
    )


def _camera_across(road: Road, rng: np.random.Generator) -> float:
    """Return where the photographer stands: in the lane of his side, or beside it."""
    side = -1.0 if road.drives_left else 1.0
    in_lane = road.half_width_m / 2
    beside = road.half_width_m + 0.9
    return side * (in_lane if rng.random() < 0.7 else beside)


def _bend(look: Look, along: float) -> float:
    return look.road.bend_per_m * along * along


def _under_water(
    look: Look, along: NDArray[np.float64], across: NDArray[np.float64], margin_m: float = 18.0
) -> NDArray[np.bool_]:
    """Return which points of the plan lie beyond the beach."""
    if look.shore is None:
        return np.zeros(np.shape(along), dtype=np.bool_)
    towards = math.radians(look.shore.bearing_deg - look.place.road_bearing_deg)
    return along * math.cos(towards) + across * math.sin(towards) > look.shore.distance_m - margin_m


def _wet(look: Look, along: float, across: float, margin_m: float = 18.0) -> bool:
    return bool(_under_water(look, np.array([along]), np.array([across]), margin_m)[0])


def _houses(look: Look, rng: np.random.Generator) -> list[House]:
    houses: list[House] = []
    chance = 0.06 if look.settlement < 0.25 else min(1.15 * look.settlement, 0.92)
    local = _local_style(look, np.random.default_rng([look.place.trip_seed, 6]))
    for side in (-1, 1):
        along = -95.0 + rng.uniform(0, 12)
        while along < 125:
            house = _house(look, rng, side, along, local)
            spacing = house.length_m + rng.uniform(3, 10)
            middle = along + house.length_m / 2
            if rng.random() < chance and not _wet(look, middle, house.across):
                houses.append(house)
            along += spacing
        for _ in range(int(7 * look.settlement)):
            far = _house(
                look, rng, side, float(rng.uniform(-110, 130)), local, row=float(rng.uniform(26, 75))
            )
            if not _wet(look, far.along, far.across):
                houses.append(far)
    return houses


@dataclass(frozen=True, slots=True)
class _LocalStyle:
    """What the neighbours of one street agree on."""

    form: HouseForm
    walls: tuple[Rgb, ...]
    roof: Rgb
    trim: Rgb
    setback_m: float
    gable_to_road: bool


def _local_style(look: Look, rng: np.random.Generator) -> _LocalStyle:
    region = look.region
    walls = rng.permutation(len(region.walls))[:2]
    roof = region.roofs[int(rng.integers(len(region.roofs)))]
    return _LocalStyle(
        form=region.houses[int(rng.integers(len(region.houses)))],
        walls=tuple(rgb_from_bytes(region.walls[int(index)]) for index in walls),
        roof=rgb_from_bytes(roof),
        trim=rgb_from_bytes(region.trims[int(rng.integers(len(region.trims)))]),
        setback_m=float(rng.uniform(4.5, 11)),
        gable_to_road=bool(rng.random() < 0.35),
    )


def _house(
    look: Look, rng: np.random.Generator, side: int, along: float, local: _LocalStyle, *, row: float = 0.0
) -> House:
    region = look.region
    form = local.form if rng.random() < 0.85 else region.houses[int(rng.integers(len(region.houses)))]
    low, high = region.storeys
    storeys = (
        int(rng.integers(low, high + 1))
        if form in {"block", "flat"}
        else min(int(rng.integers(low, high + 1)), 2)
    )
    if form == "block":
        storeys = max(storeys, 3)
    length, breadth = {
        "block": (rng.uniform(16, 34), rng.uniform(10, 13)),
        "hut": (rng.uniform(4, 5.5), 4.5),
        "yurt": (rng.uniform(5.5, 7), 6.0),
    }.get(form, (rng.uniform(8.5, 14), rng.uniform(6.5, 9)))
    setback = local.setback_m + look.road.pavement_m + (5.0 if form == "block" else 0.8)
    gable_to_road = form not in {"block", "flat"} and (local.gable_to_road != (rng.random() < 0.12))
    middle = along + length / 2
    across = side * (
        look.road.half_width_m + setback + row + max(length if gable_to_road else breadth, breadth) / 2
    )
    wall = local.walls[int(rng.integers(len(local.walls)))]
    return House(
        form=form,
        along=float(middle),
        across=float(across + _bend(look, middle)),
        length_m=float(length),
        breadth_m=float(breadth),
        yaw_rad=float(
            (math.pi / 2 if gable_to_road else 0.0) + 2 * look.road.bend_per_m * middle + rng.normal(0, 0.03)
        ),
        storeys=storeys,
        wall=_varied(wall, rng),
        roof=_varied(local.roof, rng),
        trim=local.trim,
        pitch=float(region.pitch * rng.uniform(0.85, 1.15)),
        siding=region.siding,
        seed=int(rng.integers(1 << 16)),
        snow=look.ground.snow,
    )


def _varied(colour: Rgb, rng: np.random.Generator) -> Rgb:
    varied: Rgb = np.clip(
        colour * np.float32(rng.uniform(0.9, 1.08)) + rng.normal(0, 0.015, 3), 0.02, 1
    ).astype(np.float32)
    return varied


def _plants(
    look: Look, houses: tuple[House, ...], camera_across: float, rng: np.random.Generator
) -> list[Plant]:
    verge = look.road.half_width_m + max(look.road.pavement_m, look.road.shoulder_m)
    wild, planted = (
        int(30 + 330 * look.tree_density),
        int(10 + 34 * look.settlement * (0.3 + look.tree_density)),
    )
    count = wild + planted
    reach = _REACH_M * np.sqrt(rng.random(wild)) + 6
    angle = rng.uniform(0, 2 * math.pi, wild)
    beside = rng.choice((-1.0, 1.0), planted) * (verge + rng.uniform(1.5, 14, planted))
    along = np.concatenate([reach * np.cos(angle), rng.uniform(-60, 80, planted)])
    across = np.concatenate([reach * np.sin(angle), beside])
    chosen = rng.choice(len(look.plants), count, p=[share for _, share in look.plants])
    kinds = [look.plants[int(index)][0] for index in chosen]
    low, high = np.array([KINDS[kind].height_m for kind in kinds]).T
    height = (low + (high - low) * rng.random(count)) * (0.75 + 0.35 * look.tree_density)
    variant = rng.integers(VARIANTS, size=count)
    free = np.abs(across) >= verge + np.where(height < 3, 1.0, 2.2)
    free &= np.hypot(along, across - camera_across) >= 7 + 0.65 * height
    free &= ~_under_water(look, along, across)
    across_here = across + look.road.bend_per_m * along**2
    for house in houses:
        room = max(house.length_m, house.breadth_m) / 2 + 1.5
        free &= (np.abs(along - house.along) >= room) | (np.abs(across_here - house.across) >= room)
    plants = [
        Plant(
            kinds[index],
            int(variant[index]),
            float(along[index]),
            float(across_here[index]),
            float(height[index]),
        )
        for index in np.flatnonzero(free)
    ]
    if look.ground.grass_share > 0.2 and look.ground.snow < 0.5:
        plants.extend(_tufts(look, verge, rng))
    return plants


def _tufts(look: Look, verge: float, rng: np.random.Generator) -> list[Plant]:
    count = int(70 * look.ground.grass_share * (1 - 0.6 * look.settlement))
    along = rng.uniform(-16, 16, count)
    across = rng.choice((-1.0, 1.0), count) * (verge + 0.5 + rng.exponential(3.0, count))
    across += look.road.bend_per_m * along**2
    height = rng.uniform(*KINDS["tuft"].height_m, count)
    variant = rng.integers(VARIANTS, size=count)
    return [
        Plant("tuft", int(variant[index]), float(along[index]), float(across[index]), float(height[index]))
        for index in range(count)
    ]


def _poles(look: Look, rng: np.random.Generator) -> PoleLine | None:
    material, wires = look.region.pole, look.region.wires
    if look.settlement > 0.75 and material in {"none", "steel"}:
        material, wires = "steel", 0
    if material == "none" or rng.random() > 0.45 + 0.5 * look.settlement:
        return None
    side = float(rng.choice((-1, 1)))
    offset = look.road.half_width_m + max(look.road.pavement_m, 1.0) + 0.5
    spacing, first = float(rng.uniform(28, 42)), float(rng.uniform(0, 30))
    feet = []
    for order in range(-4, 6):
        along = first + order * spacing
        feet.append((along, side * offset + _bend(look, along)))
    arm = -side * 1.8 if material == "steel" else 1.7
    return PoleLine(tuple(feet), material, float(rng.uniform(7.5, 9.5)), wires, arm)


_FENCE_LOOKS: dict[Fence, tuple[float, tuple[int, int, int]]] = {
    "picket": (1.0, (232, 230, 224)),
    "hedge": (1.3, (64, 92, 44)),
    "stone": (0.95, (150, 142, 130)),
    "wire": (1.15, (122, 104, 86)),
    "wall": (1.7, (214, 200, 178)),
    "mesh": (1.5, (140, 148, 146)),
}


def _fences(look: Look, rng: np.random.Generator) -> list[FencePanel]:
    kind = look.region.fence
    if kind == "none" or (look.settlement < 0.3 and kind not in {"wire", "stone", "hedge"}):
        return []
    height, colour_bytes = _FENCE_LOOKS[kind]
    colour = rgb_from_bytes(colour_bytes)
    if kind == "hedge":
        colour = (look.foliage * np.float32(0.72)).astype(np.float32)
    if kind == "wall":
        first = rgb_from_bytes(look.region.walls[int(rng.integers(len(look.region.walls)))])
        colour = (
            first * np.float32(0.6) + colour * np.float32(0.25) + look.ground.soil * np.float32(0.12)
        ).astype(np.float32)
    if look.region.name in {"nordic", "east_europe", "mongolia"} and kind == "picket":
        colour = rgb(0.47, 0.38, 0.29) if rng.random() < 0.6 else colour
    panels = []
    step, gap = 6.0, float(rng.uniform(1.2, 2.4))
    for side in (-1, 1):
        if rng.random() > 0.8:
            continue
        offset = side * (look.road.half_width_m + max(look.road.pavement_m, look.road.shoulder_m) + gap)
        for along in np.arange(-72.0, 96.0, step):
            end = float(along) + step
            if rng.random() < 0.12 or _wet(look, float(along), offset, margin_m=4.0):
                continue
            start_point = (float(along), offset + _bend(look, float(along)))
            panels.append(FencePanel(start_point, (end, offset + _bend(look, end)), kind, height, colour))
    return panels


_PAINTS = (
    (0.90, 0.90, 0.90),
    (0.10, 0.10, 0.11),
    (0.62, 0.64, 0.66),
    (0.60, 0.10, 0.09),
    (0.12, 0.22, 0.42),
    (0.80, 0.76, 0.66),
    (0.20, 0.36, 0.26),
)


def _cars(look: Look, rng: np.random.Generator) -> list[Car]:
    cars = []
    for _ in range(int(rng.poisson(0.5 + 2.4 * look.settlement))):
        away = bool(rng.random() < 0.5)
        along = float(rng.choice((-1, 1)) * rng.uniform(11, 75))
        right = away != look.road.drives_left
        lane = (1.0 if right else -1.0) * look.road.half_width_m / 2
        paint = rgb(*_PAINTS[int(rng.integers(len(_PAINTS)))])
        tall = bool(
            rng.random()
            < (0.45 if look.region.name.startswith(("us_", "canada", "australia", "south")) else 0.2)
        )
        cars.append(Car(along, lane + _bend(look, along), away, paint, tall))
    return cars


_DIAMOND_REGIONS = frozenset(
    {
        "us_east",
        "us_west",
        "canada",
        "mexico",
        "andes",
        "brazil",
        "southern_cone",
        "australia",
        "new_zealand",
        "japan",
        "caribbean",
    }
)
_PLATE_REGIONS = frozenset({"us_east", "us_west", "canada"})


def _signs(look: Look, rng: np.random.Generator) -> list[Sign]:
    signs = []
    for faces_back in (False, True):
        if rng.random() > 0.35 + 0.3 * look.settlement:
            continue
        right = faces_back != look.road.drives_left
        across = (1.0 if right else -1.0) * (look.road.half_width_m + 0.8)
        along = float(rng.uniform(14, 42)) * (1 if faces_back else -1)
        local = "plate" if look.region.name in _PLATE_REGIONS else "ring"
        warning = "diamond" if look.region.name in _DIAMOND_REGIONS else "triangle"
        shape = local if rng.random() < 0.55 else warning
        signs.append(Sign(along, across + _bend(look, along), shape, faces_back))  # type: ignore[arg-type]
    return signs
