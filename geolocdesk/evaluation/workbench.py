"""What an evaluation needs open: packs, packs made of tables, models, and the queries as each model sees them."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from geolocdesk.errors import UsageError
from geolocdesk.estimation.calibration import FittedCalibration
from geolocdesk.evaluation.describing import DescribedQueries, describe_queries
from geolocdesk.evaluation.evaluate import System
from geolocdesk.evaluation.methods import methods_of
from geolocdesk.evaluation.remembering import Memory, RememberingExtractor
from geolocdesk.evaluation.searching import positions_left, vectors_for
from geolocdesk.evaluation.test_set import Query
from geolocdesk.features.extractor import Extractor, ProjectedExtractor, with_projection
from geolocdesk.features.model_pack import (
    DEFAULT_MODEL,
    ModelRecord,
    class_heads_of,
    extractor_from_record,
)
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.reference.build import BuildOptions, build_pack
from geolocdesk.reference.calibration_file import read_calibrations
from geolocdesk.reference.opening import OpenedModel, open_for_building
from geolocdesk.reference.pack import Pack, open_pack
from geolocdesk.reference.sources import open_source
from geolocdesk.reference.sources.selection import Selection


class Workbench:
    """Opens what is evaluated one after the other; each network describes each photo once. For one thread."""

    def __init__(
        self,
        queries: Sequence[Query],
        methods: Sequence[str],
        *,
        seed: int,
        clock: Callable[[], str],
        device: str = "auto",
        workers: int = 1,
        progress: ProgressCallback = ignore_progress,
    ) -> None:
        self.remarks: list[str] = []
        """What there is to say of rows that could not be used."""
        self._queries = queries
        self._methods = methods
        self._seed = seed
        self._clock = clock
        self._device = device
        self._workers = workers
        self._progress = progress
        self._open = ExitStack()
        self._extractors: dict[str, Extractor] = {}
        self._memories: dict[str, Memory] = {}
        self._described: dict[str, DescribedQueries] = {}
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def systems(
        self, reference: Path, selection: Selection, models: Sequence[str]
    ) -> Iterator[tuple[DescribedQueries, System]]:
        """Yield the pack at ``reference``, or one made of the table there with each model, with the queries.

        A pack that was made is gone once the next one is asked for. Raises UsageError, PackError, ModelError
        or SourceError.
        """
        if reference.is_dir():
            if selection:
                message = "--where after --reference needs a CSV; a pack is searched whole."
                raise UsageError(message)
            with open_pack(reference) as pack:
                record = ModelRecord.from_json(pack.manifest.model)
                yield self._system(pack, record, pack.manifest.labelled_name)
            return
        for model in models or [DEFAULT_MODEL]:
            with tempfile.TemporaryDirectory(prefix="geolocdesk-") as folder:
                made = self._build(reference, selection, model, Path(folder) / "references")
                with open_pack(made) as pack:
                    record = ModelRecord.from_json(pack.manifest.model)
                    yield self._system(
                        pack, record, _name_of(reference, selection, model, several=len(models) > 1)
                    )

    def _system(self, pack: Pack, record: ModelRecord, name: str) -> tuple[DescribedQueries, System]:
        extractor = self._extractor(record)
        described = self._describe(extractor)
        heads = class_heads_of(record)
        methods = methods_of(
            self._methods, heads, positions_left(pack), self._seed, softmax_scale=pack.softmax_scale
        )
        if not methods:
            message = f"The model of {name} has no classes and is not GeoCLIP, so none of these methods is its; name others."
            raise UsageError(message)
        calibrations = tuple(map(FittedCalibration.from_stored, read_calibrations(pack.folder)))
        vectors = vectors_for(pack, described.vectors, extractor)
        return described, System(self._own_name(name), pack, vectors, methods, calibrations)

    def _own_name(self, name: str) -> str:
        """Return the name, numbered where another system bears it already."""
        own, number = name, 2
        while own in self._names:
            own, number = f"{name} ({number})", number + 1
        self._names.add(own)
        return own

    def _extractor(self, record: ModelRecord) -> Extractor:
        """Return the model's extractor without a pack's projection, opened once."""
        key = _key_of(record)
        if key not in self._extractors:
            self._keep(key, extractor_from_record(record, None, device=self._device))
        return self._extractors[key]

    def _keep(self, key: str, extractor: Extractor) -> Extractor:
        """Return the extractor with a memory that it shares with others of its network."""
        network = extractor.inner if isinstance(extractor, ProjectedExtractor) else extractor
        memory = self._memories.setdefault(replace(network.identity, name="").sha256, {})
        remembering = RememberingExtractor(network, memory)
        self._open.callback(remembering.close)
        self._extractors[key] = with_projection(remembering, extractor.projection)
        return self._extractors[key]

    def _describe(self, extractor: Extractor) -> DescribedQueries:
        key = extractor.identity.sha256
        if key not in self._described:
            self._described[key] = describe_queries(
                self._queries, extractor, clock=self._clock, workers=self._workers, progress=self._progress
            )
        return self._described[key]

    def _build(self, table: Path, selection: Selection, model: str, out: Path) -> Path:
        """Describe the references of a table into a pack and return its folder."""
        source = open_source(table, "csv", selection)
        opened = self._opened(model)
        result = build_pack(
            source,
            out,
            extractor=opened.extractor,
            model=opened.record,
            projection=opened.projection,
            clock=self._clock,
            options=BuildOptions(workers=self._workers, thumbnails=False),
            progress=self._progress,
        )
        self.remarks += [f"{row.file}: {row.reason}" for row in result.rejected]
        return out

    def _opened(self, model: str) -> OpenedModel:
        """Return the model for building, its extractor one that is open already where there is one."""
        opened = open_for_building(model, device=self._device)
        key = _key_of(opened.record)
        if key in self._extractors:
            opened.extractor.close()
            return OpenedModel(opened.record, self._extractors[key], opened.projection)
        return OpenedModel(opened.record, self._keep(key, opened.extractor), opened.projection)


def _key_of(record: ModelRecord) -> str:
    own = "" if record.projection is None else record.projection.sha256
    return f"{record.identity().sha256} {own}"


def _name_of(table: Path, selection: Selection, model: str, *, several: bool) -> str:
    """Return what tables call references that came from a table."""
    where = ", ".join(f"{column}={','.join(values)}" for column, values in selection.to_json().items())
    path = Path(model)
    named = path.name if path.exists() else model.partition("=")[0]
    parts = [table.stem, *([f"({where})"] if where else []), *([f"[{named}]"] if several else [])]
    return " ".join(parts)
