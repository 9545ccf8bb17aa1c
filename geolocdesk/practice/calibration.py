"""The practice pack's calibration: its own drawn photos, each asked for without its place."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from geolocdesk.estimation.calibration import FittedCalibration, newest_for
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.evaluation.calibrate import fit_calibration, hold_out
from geolocdesk.evaluation.describing import DescribedQueries
from geolocdesk.evaluation.test_set import Query
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.reference.calibration_file import add_calibration, read_calibrations
from geolocdesk.reference.neighbours import ReferencePhoto
from geolocdesk.reference.pack import Pack, open_pack
from geolocdesk.unavailable import Unavailable

SOURCE = "the practice world's own synthetic photos, each without its place"


def calibrate_practice(
    folder: Path, *, clock: Callable[[], str], progress: ProgressCallback = ignore_progress
) -> None:
    """Calibrate the practice pack in ``folder`` for the default parameters, unless it is calibrated already.

    No photo is read again: the pack holds the descriptors. Raises PackError, SourceError or OutputError.
    """
    parameters = EstimationParameters()
    with open_pack(folder) as pack:
        fitted = tuple(map(FittedCalibration.from_stored, read_calibrations(folder)))
        if newest_for(fitted, pack.pack_id, parameters) is not None:
            return
        described = _own_photos(pack)
        held_out = hold_out(
            described,
            described.vectors,
            pack,
            neighbours=parameters.neighbours,
            exclude_same="place",
            progress=progress,
        )
        fit = fit_calibration(
            held_out,
            parameters,
            pack_id=pack.pack_id,
            source=SOURCE,
            made={"made_at": clock(), "exclude_same": "place"},
            progress=progress,
        )
    add_calibration(folder, fit.content)


def _own_photos(pack: Pack) -> DescribedQueries:
    rows = np.setdiff1d(np.arange(pack.rows), pack.removed)
    photos = pack.metadata.photos([int(row) for row in rows])
    return DescribedQueries(
        queries=tuple(map(_query, photos)),
        sha256s=pack.metadata.hashes([int(row) for row in rows]),
        vectors=pack.vectors(rows),
        failures=(),
    )


def _query(photo: ReferencePhoto) -> Query:
    place = "" if isinstance(photo.place, Unavailable) else photo.place
    return Query(
        path=Path(photo.file),
        file=photo.file,
        position=photo.position,
        group=place or photo.file,
        excluded_value=place,
        place=place,
    )
