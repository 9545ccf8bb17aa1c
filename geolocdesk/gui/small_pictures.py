"""Thumbnails of the list's photos and of reference photos: read and decoded beside the window."""

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QImage

from geolocdesk.analysis import Analysis
from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.evidence_delegate import THUMBNAIL_PX
from geolocdesk.gui.evidence_model import EvidenceModel
from geolocdesk.gui.jobs import TaskRunner
from geolocdesk.gui.reference_session import ReferenceSession
from geolocdesk.gui.thumbnail_image import square_thumbnail, thumbnail_image

ShowPicture = Callable[[int, QImage | None], None]
"""Takes a pack row and its picture, None where there is none."""


class SmallPictures:
    """Fetches each picture that is asked for; decoding a gallery full of them would make the window stutter."""

    def __init__(self, session: CaseSession, reference: ReferenceSession, tasks: TaskRunner) -> None:
        self._session = session
        self._reference = reference
        self._tasks = tasks

    def fetch_reference(self, row: int, analysis: Analysis | None, show: ShowPicture) -> None:
        """Fetch the picture of a pack row: from the pack of the analysis where that is open, else from the case."""
        decode = partial(self._decode_reference, row, show)
        pack = self._reference.pack
        if analysis is not None and (pack is None or pack.pack_id != analysis.neighbours.pack_id):
            self._session.load_neighbour_thumbnail(analysis.neighbours.pack_id, row, decode)
        else:
            self._reference.thumbnail(row, decode)

    def fetch_listed(self, model: EvidenceModel, number: int, pixel_ratio: float) -> None:
        """Fetch the thumbnail of a photo of the list, as sharp as a screen of this ratio can show it."""
        side_px = round(THUMBNAIL_PX * pixel_ratio)

        def decode(jpeg: bytes | None) -> None:
            self._tasks.run(
                lambda _progress: square_thumbnail(jpeg, side_px),
                partial(model.set_thumbnail, number),
                lambda _failure: model.set_thumbnail(number, None),
            )

        self._session.load_thumbnail(number, decode)

    def _decode_reference(self, row: int, show: ShowPicture, jpeg: bytes | None) -> None:
        self._tasks.run(
            lambda _progress: thumbnail_image(jpeg), partial(show, row), lambda _failure: show(row, None)
        )
