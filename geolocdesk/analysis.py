"""The whole pipeline for one photo, in order, on one page."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Sized
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, islice, repeat
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from geolocdesk.ahead import done_ahead
from geolocdesk.atlas.countries import outlines_sha256
from geolocdesk.errors import CalibrationError, EvidenceError, PackError
from geolocdesk.estimation.calibration import FittedCalibration, newest_for
from geolocdesk.estimation.estimate import estimate_location
from geolocdesk.estimation.location import EstimationParameters, LocationEstimate
from geolocdesk.evidence.intake import Intake, TakenIn
from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.features.class_heads import ClassHeads
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.features.extractor import Extractor
from geolocdesk.features.model_pack import ModelRecord, class_heads_of, extractor_from_record, find_model
from geolocdesk.geodesy import Position, great_circle_km
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import (
    JsonValue,
    Provenance,
    analysis_id,
    current_program_version,
    library_versions,
)
from geolocdesk.reference.calibration_file import read_calibrations
from geolocdesk.reference.neighbours import Neighbours
from geolocdesk.reference.pack import Pack, open_pack
from geolocdesk.reference.row_selection import RowSelection
from geolocdesk.reference.row_set import RowSet
from geolocdesk.reference.search_area import SearchArea
from geolocdesk.unavailable import Unavailable

THUMBNAIL = Rendition(long_side_px=960, resample="bilinear", jpeg_scaling=True, encoding="jpeg")
"""Large enough to be printed eight centimetres wide in a report."""


_GROUP_SIZES = (1, 2, 4)
"""The first photos are described in small groups, so that the first answers come soon …"""
_GROUP_SIZE = 6
"""… and then so many together; the bits of a descriptor do not depend on it."""

NEWEST_CALIBRATION = "newest"
"""In place of a calibration's SHA-256: the newest one that was fitted for the parameters in use, if any."""

_Described = tuple[TakenIn | EvidenceError, NDArray[np.float32]]
_NO_VECTOR = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Exclusions:
    """References the examiner ruled out; the search goes on to the next nearest ones in their stead."""

    reference_ids: frozenset[str] = field(default_factory=frozenset)
    places: frozenset[str] = field(default_factory=frozenset)
    photographers: frozenset[str] = field(default_factory=frozenset)
    within: SearchArea | None = None
    """Where given, references outside this area are ruled out as well."""
    countries: frozenset[str] = field(default_factory=frozenset)
    """ISO 3166-1 alpha-2; where any is given, references outside these countries are ruled out as well."""
    own_copies: bool = False
    """Rule out references that are copies of the photo itself, so that it is not found by its own likeness."""

    def __or__(self, more: "Exclusions") -> "Exclusions":
        """Return these exclusions and others; another area or other countries take the place of these."""
        return Exclusions(
            self.reference_ids | more.reference_ids,
            self.places | more.places,
            self.photographers | more.photographers,
            more.within or self.within,
            more.countries or self.countries,
            self.own_copies or more.own_copies,
        )

    def __sub__(self, fewer: "Exclusions") -> "Exclusions":
        """Return these exclusions without others."""
        return Exclusions(
            self.reference_ids - fewer.reference_ids,
            self.places - fewer.places,
            self.photographers - fewer.photographers,
            None if self.within == fewer.within else self.within,
            frozenset() if self.countries == fewer.countries else self.countries,
            self.own_copies and not fewer.own_copies,
        )

    def to_json(self) -> dict[str, JsonValue]:
        """Return the exclusions as sorted lists, the area and the countries' outlines by their hashes.

        What a version before did not know is named only where it is used, so that answers keep their ids.
        """
        within: JsonValue = None
        if self.within is not None:
            within = {"name": self.within.name, "sha256": self.within.sha256}
        value: dict[str, JsonValue] = {
            "within": within,
            "reference_ids": [*sorted(self.reference_ids)],
            "places": [*sorted(self.places)],
            "photographers": [*sorted(self.photographers)],
        }
        if self.countries:
            value["countries"] = [*sorted(self.countries)]
            value["country_outlines_sha256"] = outlines_sha256()
        if self.own_copies:
            value["own_copies"] = True
        return value


NO_EXCLUSIONS = Exclusions()


@dataclass(frozen=True, slots=True)
class AnalysisFailure:
    """A photo that could not be analysed, and why; the batch went on without it."""

    path: Path
    kind: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """One photo, answered: what it is, what it resembles, where that points, and what decided it."""

    analysis_id: str
    evidence: EvidenceRecord
    descriptor: Descriptor
    """Kept so that the search can be repeated with other parameters without running the network."""
    exclusions: Exclusions
    neighbours: Neighbours
    estimate: LocationEstimate
    provenance: Provenance
    exif_distance_km: float | Unavailable
    """Great-circle distance between the estimate and the file's own GPS claim."""
    thumbnail: bytes | None = None
    """A small JPEG of the photo, where one was asked for; no part of the result."""


class Analyser:
    """A model and a reference pack, ready to answer photos. For one thread at a time."""

    def __init__(
        self, pack: Pack, extractor: Extractor, *, heads: ClassHeads | None = None, workers: int = 1
    ) -> None:
        """Take over an open pack and extractor, and the model's heads where it was trained on classes.

        Raises PackError where they do not belong together, or the pack's calibrations cannot be used.
        """
        if extractor.identity.extractor_id != pack.manifest.extractor_id:
            message = (
                f"The pack {pack.folder} was built with the extractor {pack.manifest.extractor_id}, not with "
                f"{extractor.identity.extractor_id}; leave out --model, or name the pack's own model."
            )
            raise PackError(message)
        self.pack = pack
        self.extractor = extractor
        self.heads = heads
        self._intake = Intake(workers=workers)
        self._selection = RowSelection(pack)
        self._searched: dict[Exclusions, RowSet] = {}
        self._calibrations = tuple(map(FittedCalibration.from_stored, read_calibrations(pack.folder)))

    @classmethod
    def open(
        cls, pack: Path, *, model: str | None = None, device: str = "auto", workers: int = 1
    ) -> "Analyser":
        """Open a pack and the model it was built with, or ``model`` in its stead.

        Raises PackError or ModelError.
        """
        opened = open_pack(pack)
        try:
            record = ModelRecord.from_json(opened.manifest.model) if model is None else find_model(model)
            extractor = extractor_from_record(record, opened.projection(), device=device)
            return cls(opened, extractor, heads=class_heads_of(record), workers=workers)
        except BaseException:
            opened.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the decoding processes and close the pack and the model."""
        self._intake.close()
        self.extractor.close()
        self.pack.close()

    def warm_up(self) -> None:
        """Load what the first photo would otherwise wait for."""
        self.extractor.warm_up()

    def analyse_photos(
        self,
        paths: Iterable[Path],
        parameters: EstimationParameters,
        *,
        clock: Callable[[], str],
        exclusions: Exclusions = NO_EXCLUSIONS,
        calibration: str | None = NEWEST_CALIBRATION,
        thumbnails: bool = False,
        progress: ProgressCallback = ignore_progress,
    ) -> Iterator[Analysis | AnalysisFailure]:
        """Yield one analysis or one failure a photo, in the order of ``paths``.

        Photos are read and decoded ahead in other processes and described ahead in another thread; the answer
        of one does not depend on its companions. ``clock`` returns the time in UTC as ISO 8601.
        ``calibration`` is the SHA-256 of one of the pack's, or None to leave the probabilities as they are.
        """
        total = len(paths) if isinstance(paths, Sized) else None
        renditions = [self.extractor.rendition, *([THUMBNAIL] if thumbnails else [])]
        progress(Progress("Analysing", 0, total))
        everything = self._intake.take_in_all(paths, renditions, clock=clock)
        for done, (taken, vector) in enumerate(self._describe(everything), start=1):
            if isinstance(taken, EvidenceError):
                yield AnalysisFailure(taken.path, taken.kind, taken.message)
            else:
                descriptor = Descriptor(vector, self.extractor.identity.extractor_id)
                analysis = self.analyse_descriptor(
                    taken.record, descriptor, parameters, exclusions, calibration=calibration
                )
                thumbnail = taken.pictures[1].tobytes() if thumbnails else None
                yield replace(analysis, thumbnail=thumbnail)
            progress(Progress("Analysing", done, total))

    def _describe(self, everything: Generator[TakenIn | EvidenceError, None, None]) -> Iterator[_Described]:
        """Yield every photo with its descriptor's vector, in order.

        The network works on the next few photos in threads of their own while the caller searches and
        estimates for these; it holds no interpreter lock meanwhile.
        """
        groups = _growing_groups(everything)
        with (
            closing(everything),
            closing(done_ahead(self._describe_together, groups, name="describing")) as done,
        ):
            for few in done:
                yield from few

    def _describe_together(self, few: Sequence[TakenIn | EvidenceError]) -> list[_Described]:
        pictures = [taken.pictures[0] for taken in few if isinstance(taken, TakenIn)]
        vectors = iter(self.extractor.describe(np.stack(pictures)) if pictures else ())
        return [(taken, next(vectors) if isinstance(taken, TakenIn) else _NO_VECTOR) for taken in few]

    def analyse_again(
        self, analysis: Analysis, parameters: EstimationParameters, exclusions: Exclusions
    ) -> Analysis:
        """Return the analysis with other parameters or exclusions; neither file nor network is touched."""
        again = self.analyse_descriptor(analysis.evidence, analysis.descriptor, parameters, exclusions)
        return replace(again, thumbnail=analysis.thumbnail)

    def analyse_descriptor(
        self,
        record: EvidenceRecord,
        descriptor: Descriptor,
        parameters: EstimationParameters,
        exclusions: Exclusions = NO_EXCLUSIONS,
        *,
        calibration: str | None = NEWEST_CALIBRATION,
    ) -> Analysis:
        """Search, estimate, calibrate and sign one described photo.

        Raises PackError where no reference is left, and CalibrationError where the calibration is not there.
        """
        neighbours = self._neighbours(record.sha256, descriptor, parameters.neighbours, exclusions)
        estimate = estimate_location(neighbours, parameters, vector=descriptor.vector, heads=self.heads)
        fitted = self._calibration(parameters, exclusions, calibration)
        if fitted is not None:
            estimate = fitted.apply(estimate, neighbours)
        provenance = self.provenance(parameters, exclusions, None if fitted is None else fitted.sha256)
        return Analysis(
            analysis_id=analysis_id(record.sha256, provenance),
            evidence=record,
            descriptor=descriptor,
            exclusions=exclusions,
            neighbours=neighbours,
            estimate=estimate,
            provenance=provenance,
            exif_distance_km=_distance_km(estimate.position, record.exif.position),
        )

    def provenance(
        self, parameters: EstimationParameters, exclusions: Exclusions, calibration_sha256: str | None
    ) -> Provenance:
        """Return everything besides the photo that decides a result of this analyser."""
        identity = self.extractor.identity
        return Provenance(
            program_version=current_program_version(),
            model_id=identity.name,
            model_identity_sha256=identity.sha256,
            weights_sha256=identity.weights_sha256,
            pack_id=self.pack.pack_id,
            pack_name=self.pack.manifest.labelled_name,
            parameters={
                "estimator": parameters.estimator,
                "neighbours": parameters.neighbours,
                "exponent": parameters.exponent,
                "bandwidth_deg": parameters.bandwidth_deg,
                "exclusions": exclusions.to_json(),
                **self._classes_used(parameters),
            },
            libraries=_library_versions(),
            device=self.extractor.device,
            calibration_sha256=calibration_sha256,
        )

    def _calibration(
        self, parameters: EstimationParameters, exclusions: Exclusions, wanted: str | None
    ) -> FittedCalibration | None:
        """Return the calibration to use; none was fitted for a pack of which something is left out."""
        if wanted is None or (wanted == NEWEST_CALIBRATION and exclusions != NO_EXCLUSIONS):
            return None
        if wanted == NEWEST_CALIBRATION:
            return newest_for(self._calibrations, self.pack.pack_id, parameters)
        found = [fit for fit in self._calibrations if fit.sha256 == wanted]
        if not found:
            message = (
                f"The calibration {wanted[:12]} is no longer kept with the pack {self.pack.folder}; restore its "
                "calibration.json from a copy."
            )
            raise CalibrationError(message)
        return found[0]

    def _classes_used(self, parameters: EstimationParameters) -> dict[str, JsonValue]:
        """Return what names the classes behind an answer, where it rests on them."""
        if parameters.estimator not in ("classes", "fused") or self.heads is None:
            return {}
        return {"classes_sha256": self.heads.sha256, "cells": parameters.cells}

    def _neighbours(self, sha256: str, descriptor: Descriptor, k: int, exclusions: Exclusions) -> Neighbours:
        """Return the nearest references that the exclusions leave. Raises PackError where none is left."""
        among = self._rows_to_search(exclusions)
        if exclusions.own_copies:
            same_file = self.pack.metadata.rows_with(sha256s=[sha256])
            same_file = same_file[among.holds(same_file)]
            beyond = self.pack.copy_distance()
            found = self.pack.search(descriptor, k, same_file, among=among, beyond=beyond)
            found = replace(found, copies=found.copies + len(same_file))
        else:
            found = self.pack.search(descriptor, k, among=among)
        if not found.items:
            message = f"No reference of the pack {self.pack.folder} is left; exclude fewer of them."
            raise PackError(message)
        return found

    def _rows_to_search(self, exclusions: Exclusions) -> RowSet:
        if exclusions not in self._searched:
            rows = self._selection.select(
                reference_ids=exclusions.reference_ids,
                places=exclusions.places,
                photographers=exclusions.photographers,
                within=exclusions.within,
                countries=exclusions.countries,
            )
            # a batch asks the same each time; older choices of an examiner are not asked again
            self._searched = {exclusions: rows}
        return self._searched[exclusions]


def _growing_groups(everything: Iterator[TakenIn | EvidenceError]) -> Iterator[list[TakenIn | EvidenceError]]:
    for size in chain(_GROUP_SIZES, repeat(_GROUP_SIZE)):
        group = list(islice(everything, size))
        if not group:
            return
        yield group


@lru_cache(maxsize=1)
def _library_versions() -> dict[str, str]:
    """Return the library versions; installed distributions do not change while the program runs."""
    return library_versions()


def _distance_km(estimate: Position, claimed: Position | Unavailable) -> float | Unavailable:
    if isinstance(claimed, Unavailable):
        return claimed
    return float(great_circle_km(estimate.latitude, estimate.longitude, claimed.latitude, claimed.longitude))
