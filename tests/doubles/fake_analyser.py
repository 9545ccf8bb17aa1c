"""An engine's workshop without torch and faiss: it answers by the photo's name. Imported by the child, too."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from geolocdesk.analysis import NO_EXCLUSIONS, Analyser, Analysis, AnalysisFailure, Exclusions
from geolocdesk.engine.workshop import Workshop
from geolocdesk.errors import PackError
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import analysis_id
from geolocdesk.reference.index import IndexDescription
from geolocdesk.reference.manifest import Manifest, SegmentRecord
from geolocdesk.reference.neighbours import Neighbours
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import PACK_ID, make_analysis, make_picture, make_provenance, make_record


class FakeAnalyser:
    """Photos whose name says so crash, hang, cannot be read; others get a made-up answer."""

    def __init__(self, folder: Path) -> None:
        self.pack = SimpleNamespace(
            pack_id=PACK_ID, manifest=make_manifest(), last_verified=lambda: Unavailable.NOT_AVAILABLE
        )
        self.extractor = SimpleNamespace(identity=SimpleNamespace(name="fake-model"), device="cpu")
        self.folder = folder

    def warm_up(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def analyse_photos(
        self,
        paths: Iterable[Path],
        parameters: EstimationParameters,
        *,
        clock: Callable[[], str],
        exclusions: Exclusions = NO_EXCLUSIONS,
        thumbnails: bool = False,
        progress: ProgressCallback = ignore_progress,
    ) -> Iterator[Analysis | AnalysisFailure]:
        listed = list(paths)
        for done, path in enumerate(listed, start=1):
            if "crash" in path.name:
                os._exit(7)
            while "endless" in path.name:
                progress(Progress("Analysing", done - 1, len(listed)))
                threading.Event().wait(0.002)
            if "broken" in path.name:
                yield AnalysisFailure(path, "damaged", f"{path} is damaged. Ask for another copy of it.")
            else:
                yield _answer(path, parameters, exclusions, make_picture() if thumbnails else None)
            progress(Progress("Analysing", done, len(listed)))

    def analyse_again(
        self, analysis: Analysis, parameters: EstimationParameters, exclusions: Exclusions
    ) -> Analysis:
        record = analysis.evidence
        if "noref" in exclusions.reference_ids:
            message = "No reference of the pack is left; exclude fewer of them."
            raise PackError(message)
        again = _made_up(record.path, parameters, exclusions)
        return replace(again, evidence=record, analysis_id=_id(record.sha256, parameters, exclusions))


class FakeWorkshop(Workshop):
    """Opens any folder whose name does not say that it is no pack."""

    def open(self, pack: Path, *, model: str | None, device: str, workers: int) -> Analyser:
        if "nopack" in pack.name:
            message = (
                f"{pack} is not a reference pack: it has no manifest.json; name the folder a build wrote."
            )
            raise PackError(message)
        self._analyser = cast("Analyser", FakeAnalyser(pack))
        return self._analyser


@dataclass(frozen=True)
class MakeFakeWorkshop:
    def __call__(self) -> FakeWorkshop:
        return FakeWorkshop()


def make_manifest() -> Manifest:
    """Return what a made-up pack says of itself."""
    return Manifest(
        name="Balkan streets 2025",
        created_at="2025-11-01T00:00:00Z",
        program_version="0.1.0",
        model={},
        extractor={},
        extractor_id="fake",
        segments=(SegmentRecord("", 1234, 3, 0, IndexDescription("flat", 4, 1234)),),
        references=1234,
        rejected=3,
        thumbnails=0,
        licences={"CC BY-SA 4.0": 1234},
        source={},
        files=(),
        synthetic=True,
    )


def _answer(
    path: Path, parameters: EstimationParameters, exclusions: Exclusions, thumbnail: bytes | None
) -> Analysis:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    made = _made_up(path, parameters, exclusions)
    record = replace(make_record(path), sha256=sha256)
    return replace(
        made, evidence=record, thumbnail=thumbnail, analysis_id=_id(sha256, parameters, exclusions)
    )


def _made_up(path: Path, parameters: EstimationParameters, exclusions: Exclusions) -> Analysis:
    made = make_analysis(path=path, neighbours=min(parameters.neighbours, 30), exclusions=exclusions)
    items = [
        item for item in made.neighbours.items if item.reference.reference_id not in exclusions.reference_ids
    ]
    ranked = tuple(replace(item, rank=rank) for rank, item in enumerate(items, start=1))
    weights = made.estimate.weights[: len(ranked)].copy()
    weights /= weights.sum()
    weights.flags.writeable = False
    estimate = replace(made.estimate, parameters=parameters, weights=weights)
    return replace(made, neighbours=Neighbours(ranked, PACK_ID), estimate=estimate)


def _id(sha256: str, parameters: EstimationParameters, exclusions: Exclusions) -> str:
    provenance = make_provenance(parameters)
    chosen = {**provenance.parameters, "exclusions": exclusions.to_json()}
    return analysis_id(sha256, replace(provenance, parameters=chosen))
