"""The practice world ready to be searched: drawn, and built into a reference pack."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from geolocdesk.errors import PackError
from geolocdesk.evidence.intake import expand_paths
from geolocdesk.features.model_pack import DEFAULT_MODEL, find_model
from geolocdesk.practice.calibration import calibrate_practice
from geolocdesk.practice.prepared import PreparedPractice
from geolocdesk.practice.world import PracticeWorld, draw_practice_world
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.reference.build import BuildOptions, build_pack, partial_folder
from geolocdesk.reference.manifest import read_manifest
from geolocdesk.reference.opening import open_for_building
from geolocdesk.reference.pack import open_pack
from geolocdesk.reference.sources import open_source

PACK_NAME = "Practice world (synthetic)"


def prepare_practice(
    folder: Path,
    *,
    clock: Callable[[], str],
    device: str = "auto",
    workers: int = 1,
    progress: ProgressCallback = ignore_progress,
) -> PreparedPractice:
    """Draw the practice world below ``folder``, build its pack and calibrate it, where missing or outdated.

    A build that was interrupted goes on. ``workers`` is how many processes draw, and decode. Raises OutputError, ModelError or SourceError.
    """
    world = draw_practice_world(folder / "world", workers=workers, progress=progress)
    pack = folder / "pack"
    source = open_source(world.references_csv)
    if not _is_current(pack, source.to_json()):
        shutil.rmtree(pack, ignore_errors=True)
        _build(world, pack, clock=clock, device=device, workers=workers, progress=progress)
    calibrate_practice(pack, clock=clock, progress=progress)
    return PreparedPractice(world, pack, tuple(expand_paths([world.query_folder])))


def _is_current(pack: Path, source: object) -> bool:
    """Return whether the pack opens and was built from this very world by the model in use."""
    try:
        manifest, _ = read_manifest(pack)
        open_pack(pack).close()
    except PackError:
        return False
    return dict(manifest.source) == source and dict(manifest.model) == find_model(DEFAULT_MODEL).to_json()


def _build(
    world: PracticeWorld,
    pack: Path,
    *,
    clock: Callable[[], str],
    device: str,
    workers: int,
    progress: ProgressCallback,
) -> None:
    opened = open_for_building(None, device=device)
    options = BuildOptions(workers=workers, resume=True, synthetic=True, name=PACK_NAME)
    build = partial(
        build_pack,
        open_source(world.references_csv),
        pack,
        extractor=opened.extractor,
        model=opened.record,
        projection=None,
        clock=clock,
        options=options,
        progress=progress,
    )
    try:
        build()
    except PackError:
        # an unfinished build of another version lies in the way; the practice pack is made again at no loss
        shutil.rmtree(partial_folder(pack), ignore_errors=True)
        build()
    finally:
        opened.extractor.close()
