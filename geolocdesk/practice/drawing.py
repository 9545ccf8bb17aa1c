"""Draws one photo of the practice world: backdrop, ground, objects from far to near, then the camera's colours."""

import math
from collections.abc import Callable
from functools import cache, lru_cache, partial

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from geolocdesk.practice.backdrop import Picture, draw_sky, draw_skyline
from geolocdesk.practice.buildings import draw_house
from geolocdesk.practice.camera import NEAR_M, Camera, Floats, Point
from geolocdesk.practice.geography import load_geography
from geolocdesk.practice.ground import draw_ground
from geolocdesk.practice.look import Grade, Place, look_at
from geolocdesk.practice.plants import HEIGHT, WIDTH, Foliage
from geolocdesk.practice.roadside import draw_car, draw_fence, draw_pole, draw_sign
from geolocdesk.practice.scene import Plant, Scene, plan_scene
from geolocdesk.practice.solids import Drafter, Light, footprint

WIDTH_PX, HEIGHT_PX = 480, 360
FIELD_OF_VIEW_DEG = 75.0
MARK = "synthetic · practice world"
"""Written small into a corner of every photo."""

_OVERSAMPLING = 2
_FARTHEST_M = 230.0
_SHADOWS_TO_M = 90.0


def draw_photo(place: Place, heading_deg: float) -> Image.Image:
    """Return the RGB photo of a place in one compass direction; the same arguments give the same pixels.

    Raises ValueError for a place at sea.
    """
    scene, foliage = _prepared(place)
    camera = Camera(
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        focal_px=WIDTH_PX / 2 / math.tan(math.radians(FIELD_OF_VIEW_DEG / 2)),
        horizon_px=HEIGHT_PX * scene.horizon_share,
        height_m=scene.camera_height_m,
        across_m=scene.camera_across_m,
        heading_deg=heading_deg,
        road_bearing_deg=place.road_bearing_deg,
    )
    picture = draw_sky(scene.look, camera)
    draw_skyline(picture, scene.look, camera)
    draw_ground(picture, scene.look, camera, _shadows(scene, camera))
    canvas = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    canvas = canvas.resize((WIDTH_PX * _OVERSAMPLING, HEIGHT_PX * _OVERSAMPLING), Image.Resampling.NEAREST)
    _draw_objects(canvas, scene, foliage, camera.scaled(_OVERSAMPLING))
    finished = _grade(canvas.reduce(_OVERSAMPLING), scene.look.grade, place.seed + round(heading_deg))
    return write_mark(finished)


def write_mark(photo: Image.Image) -> Image.Image:
    """Return the photo with the practice world's mark in its lower right corner, small but readable."""
    marked = photo.copy()
    size = max(8, round(photo.height / 36))
    font = ImageFont.load_default(size)
    pen = ImageDraw.Draw(marked, "RGBA")
    corner = (photo.width - size * 0.5, photo.height - size * 0.35)
    pen.text(
        corner, MARK, font=font, anchor="rs", fill=(0, 0, 0, 0), stroke_width=1, stroke_fill=(0, 0, 0, 110)
    )
    pen.text(corner, MARK, font=font, anchor="rs", fill=(255, 255, 255, 200))
    return marked


@lru_cache(maxsize=2)
def _prepared(place: Place) -> tuple[Scene, Foliage]:
    """Return what the photos of one place share."""
    look = look_at(place, load_geography())
    return plan_scene(look), Foliage(look.foliage, look.sky, look.ground.snow)


def _shadows(scene: Scene, camera: Camera) -> Floats:
    """Return float32[height, width]: the share of sunlight that houses and trees keep off the ground."""
    mask = Image.new("L", (camera.width_px, camera.height_px), 0)
    sky = scene.look.sky
    if float(sky.sunlight.mean()) < 0.15:
        return np.zeros((camera.height_px, camera.width_px), dtype=np.float32)
    pen = ImageDraw.Draw(mask)
    turn = math.radians(sky.sun_azimuth_deg - scene.look.place.road_bearing_deg)
    stretch = min(1 / math.tan(math.radians(max(sky.sun_elevation_deg, 8.0))), 3.5)
    shift = (-math.cos(turn) * stretch, -math.sin(turn) * stretch)
    for house in scene.houses:
        corners = footprint((house.along, house.across), (house.length_m, house.breadth_m), house.yaw_rad)
        height = house.height_m
        thrown = [(a + shift[0] * height, c + shift[1] * height) for a, c in corners]
        _shade(pen, camera, _convex_hull(corners + thrown))
    for crown in _crown_shadows(scene, camera, shift):
        pen.polygon(crown, fill=255)
    blurred = mask.filter(ImageFilter.BoxBlur(1.5))
    return np.asarray(blurred, dtype=np.float32) / np.float32(255)


def _crown_shadows(
    scene: Scene, camera: Camera, shift: tuple[float, float]
) -> list[list[tuple[float, float]]]:
    """Return the outlines in pixels of the shadows of trees' crowns, as ellipses on the ground."""
    casting = [plant for plant in scene.plants if plant.height_m > 1.0]
    if not casting:
        return []
    along, across, height = np.array([(plant.along, plant.across, plant.height_m) for plant in casting]).T[
        :, :, None
    ]
    around = np.arange(12) * (math.pi / 6)
    direction, stretch = math.atan2(shift[1], shift[0]), 1 + 0.3 * math.hypot(*shift)
    lengthwise, crosswise = 0.26 * height * stretch * np.cos(around), 0.26 * height * np.sin(around)
    along = (
        along + 0.62 * shift[0] * height + lengthwise * math.cos(direction) - crosswise * math.sin(direction)
    )
    across = (
        across + 0.62 * shift[1] * height + lengthwise * math.sin(direction) + crosswise * math.cos(direction)
    )
    x, y, depth = camera.ground_points(along, across)
    seen = (depth.min(axis=1) > NEAR_M) & (depth.min(axis=1) < _SHADOWS_TO_M)
    seen &= (x.max(axis=1) > 0) & (x.min(axis=1) < camera.width_px)
    return [list(zip(x[row].tolist(), y[row].tolist(), strict=True)) for row in np.flatnonzero(seen)]


def _shade(pen: ImageDraw.ImageDraw, camera: Camera, outline: list[tuple[float, float]]) -> None:
    ground: list[Point] = [(along, across, 0.0) for along, across in outline]
    pixels = camera.outline(ground)
    if pixels is not None:
        pen.polygon(pixels, fill=255)


def _convex_hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the hull by Andrew's monotone chain."""
    ordered = sorted(points)

    def chain(sequence: list[tuple[float, float]]) -> list[tuple[float, float]]:
        hull: list[tuple[float, float]] = []
        for point in sequence:
            while len(hull) >= 2 and _turns_right(hull[-2], hull[-1], point):
                hull.pop()
            hull.append(point)
        return hull[:-1]

    return chain(ordered) + chain(ordered[::-1])


def _turns_right(first: tuple[float, float], second: tuple[float, float], third: tuple[float, float]) -> bool:
    cross = (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (third[0] - first[0])
    return cross <= 0


def _draw_objects(canvas: Image.Image, scene: Scene, foliage: Foliage, camera: Camera) -> None:
    drafter = Drafter(
        ImageDraw.Draw(canvas), camera, Light(scene.look.sky, scene.look.place.road_bearing_deg)
    )
    tasks: list[tuple[float, Callable[[], None]]] = []

    def add(along: float, across: float, reach: float, task: Callable[[], None]) -> None:
        right, depth = camera.right_and_depth(along, across)
        if -reach < depth < _FARTHEST_M and abs(right) < max(depth, 0.0) * 0.75 + reach:
            tasks.append((depth, task))

    for house in scene.houses:
        add(house.along, house.across, house.length_m, partial(draw_house, drafter, house))
    for plant in scene.plants:
        add(
            plant.along,
            plant.across,
            plant.height_m * 0.5,
            partial(_draw_plant, canvas, drafter, foliage, plant),
        )
    for panel in scene.fences:
        middle = ((panel.start[0] + panel.end[0]) / 2, (panel.start[1] + panel.end[1]) / 2)
        add(*middle, 4.0, partial(draw_fence, drafter, panel))
    for car in scene.cars:
        add(car.along, car.across, 3.0, partial(draw_car, drafter, car))
    for sign in scene.signs:
        add(sign.along, sign.across, 1.0, partial(draw_sign, drafter, sign))
    if scene.poles is not None:
        for index, foot in enumerate(scene.poles.feet):
            add(*foot, 45.0, partial(draw_pole, drafter, scene.poles, index))
    for _, task in sorted(tasks, key=lambda item: -item[0]):
        task()


def _draw_plant(canvas: Image.Image, drafter: Drafter, foliage: Foliage, plant: Plant) -> None:
    x, y, depth = drafter.camera.project((plant.along, plant.across, 0.0))
    if depth < max(NEAR_M, 0.35 * plant.height_m):
        return
    height_px = plant.height_m * drafter.camera.focal_px / depth
    if height_px < 2:
        return
    sky = drafter.light.sky
    sun_on_the_right = math.sin(math.radians(sky.sun_azimuth_deg - drafter.camera.heading_deg)) > 0
    sprite = foliage.sprite(plant.kind, plant.variant, sun_on_the_right, height_px, depth)
    size = (max(1, round(height_px * WIDTH / HEIGHT)), max(1, round(height_px)))
    shown = sprite.resize(size, Image.Resampling.NEAREST)
    canvas.paste(shown, (round(x - size[0] / 2), round(y - size[1])), shown)


def _grade(photo: Image.Image, grade: Grade, seed: int) -> Image.Image:
    """Return the photo as the photographer's camera renders it: tint, contrast, saturation, corners, grain."""
    shot: Picture = np.multiply(np.asarray(photo), np.float32(1 / 255), dtype=np.float32)
    grey = ((shot[..., 0] + shot[..., 1] + shot[..., 2]) * np.float32(1 / 3))[..., None]
    picture: Picture = np.asarray(grey + (shot - grey) * np.float32(grade.saturation), dtype=np.float32)
    picture *= np.float32(grade.contrast)
    picture += np.float32(0.5 - 0.5 * grade.contrast)
    rows = np.linspace(-1, 1, photo.height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, photo.width, dtype=np.float32)[None, :]
    corners = 1 - np.float32(grade.vignette) * (rows**2 + columns**2) / 2
    picture *= grade.tint
    picture *= corners[..., None]
    picture += (_grain(seed, photo.height, photo.width) * np.float32(grade.grain))[..., None]
    np.clip(picture, 0, 1, out=picture)
    return Image.fromarray((picture * np.float32(255)).astype(np.uint8))


_GRAIN_MARGIN = 64


@cache
def _grain_sheet(height: int, width: int) -> Floats:
    rng = np.random.default_rng(31)
    return rng.standard_normal((height + _GRAIN_MARGIN, width + _GRAIN_MARGIN), dtype=np.float32)


def _grain(seed: int, height: int, width: int) -> Floats:
    """Return float32[height, width], standard normal: a cut-out of one sheet, another for each seed."""
    top, left = seed % _GRAIN_MARGIN, seed // _GRAIN_MARGIN % _GRAIN_MARGIN
    return _grain_sheet(height, width)[top : top + height, left : left + width]
