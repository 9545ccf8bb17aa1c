"""The jobs the program gives its engine."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from geolocdesk.analysis import NO_EXCLUSIONS, Analysis, AnalysisFailure, Exclusions
from geolocdesk.engine.workshop import Workshop
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.reference.append import AppendOptions, AppendResult, append_to_pack
from geolocdesk.reference.build import BuildOptions, BuildResult, build_pack
from geolocdesk.reference.culling import CullingOptions
from geolocdesk.reference.manifest import Manifest
from geolocdesk.reference.opening import open_for_building
from geolocdesk.reference.pack import verify_pack
from geolocdesk.reference.sources import open_source
from geolocdesk.unavailable import Unavailable


def utc_now() -> str:
    """Return the time in UTC as ISO 8601; the clock that jobs hand to the pipeline."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, eq=False)
class OpenedPack:
    """The pack and the model the engine has open now."""

    folder: Path
    pack_id: str
    manifest: Manifest
    model_name: str
    device: str
    last_verified: str | Unavailable


@dataclass(frozen=True, slots=True)
class OpenPack:
    """Open a reference pack with its model and make both ready; yields one OpenedPack."""

    pack: Path
    model: str | None = None
    device: str = "auto"
    workers: int = 1

    subject = None
    prepares = True

    def run(self, workshop: Workshop, progress: ProgressCallback) -> Iterator[OpenedPack]:
        """Open the pack, say so, then load the rest of what the first photo needs."""
        progress(Progress("Opening the reference pack", 0, None, self.pack.name))
        analyser = workshop.open(self.pack, model=self.model, device=self.device, workers=self.workers)
        yield OpenedPack(
            folder=self.pack,
            pack_id=analyser.pack.pack_id,
            manifest=analyser.pack.manifest,
            model_name=analyser.extractor.identity.name,
            device=analyser.extractor.device,
            last_verified=analyser.pack.last_verified(),
        )
        progress(Progress("Loading the model", 0, None, analyser.extractor.identity.name))
        analyser.warm_up()


@dataclass(frozen=True, slots=True)
class AnalysePhotos:
    """Analyse photos one after the other; yields an Analysis or an AnalysisFailure each, in order."""

    paths: tuple[Path, ...]
    parameters: EstimationParameters
    exclusions: Exclusions = NO_EXCLUSIONS
    thumbnails: bool = True
    """Whether each analysis brings a small picture, so that a list can show the photo with its answer."""

    subject = None
    prepares = False

    def run(self, workshop: Workshop, progress: ProgressCallback) -> Iterator[Analysis | AnalysisFailure]:
        """Read, describe, search and estimate."""
        yield from workshop.analyser.analyse_photos(
            self.paths,
            self.parameters,
            clock=utc_now,
            exclusions=self.exclusions,
            thumbnails=self.thumbnails,
            progress=progress,
        )


@dataclass(frozen=True, slots=True, eq=False)
class AnalyseAgain:
    """Search and estimate again with other parameters or exclusions; yields one Analysis.

    Only the newest request about one photo matters, so one waiting is dropped when another arrives.
    """

    analysis: Analysis
    parameters: EstimationParameters
    exclusions: Exclusions

    prepares = False

    @property
    def subject(self) -> str:
        """Return the photo's hash."""
        return self.analysis.evidence.sha256

    def run(self, workshop: Workshop, progress: ProgressCallback) -> Iterator[Analysis]:
        """Touch neither the file nor the network."""
        progress(Progress("Recomputing", 0, 1))
        yield workshop.analyser.analyse_again(self.analysis, self.parameters, self.exclusions)


@dataclass(frozen=True, slots=True)
class PackChecked:
    """What verifying a pack found."""

    folder: Path
    intact: bool
    at_fault: tuple[str, ...]
    """Each file that is missing or changed, with which of the two."""


@dataclass(frozen=True, slots=True)
class VerifyPack:
    """Hash every byte of a reference pack; yields one PackChecked."""

    pack: Path

    subject = None
    prepares = False

    def run(self, _workshop: Workshop, progress: ProgressCallback) -> Iterator[PackChecked]:
        """Read the pack's files and note the date beside them where all are intact."""
        checks = list(verify_pack(self.pack, verified_at=utc_now(), progress=progress))
        at_fault = tuple(f"{check.name}: {check.state}" for check in checks if check.state != "intact")
        yield PackChecked(self.pack, not at_fault, at_fault)


@dataclass(frozen=True, slots=True)
class BuildPack:
    """Build a reference pack from a folder or a CSV, going on where an interrupted build stopped.

    Yields one BuildResult.
    """

    source: Path
    out: Path
    model: str | None = None
    device: str = "auto"
    workers: int = 1
    thumbnails: bool = True

    subject = None
    prepares = False

    def run(self, _workshop: Workshop, progress: ProgressCallback) -> Iterator[BuildResult]:
        """Open the model, then describe every photo of the source."""
        progress(Progress("Loading the model", 0, None))
        with closing(open_for_building(self.model, device=self.device)) as opened:
            yield build_pack(
                open_source(self.source, progress=progress),
                self.out,
                extractor=opened.extractor,
                model=opened.record,
                projection=opened.projection,
                clock=utc_now,
                options=BuildOptions(workers=self.workers, thumbnails=self.thumbnails, resume=True),
                progress=progress,
            )


@dataclass(frozen=True, slots=True)
class AppendPhotos:
    """Add photos from a folder or a CSV to a reference pack, going on where an interrupted append stopped.

    Yields one AppendResult.
    """

    pack: Path
    source: Path
    device: str = "auto"
    workers: int = 1
    drop_duplicates: bool = False

    subject = None
    prepares = False

    def run(self, _workshop: Workshop, progress: ProgressCallback) -> Iterator[AppendResult]:
        """Open the pack's own model, then describe every photo of the source that the pack does not have."""
        progress(Progress("Loading the model", 0, None))
        with closing(open_for_building(str(self.pack), device=self.device)) as opened:
            yield append_to_pack(
                self.pack,
                open_source(self.source, progress=progress),
                extractor=opened.extractor,
                clock=utc_now,
                options=AppendOptions(
                    workers=self.workers,
                    resume=True,
                    culling=CullingOptions(duplicates="drop" if self.drop_duplicates else "auto"),
                ),
                progress=progress,
            )
