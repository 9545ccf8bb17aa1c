import ast
import subprocess
import sys
from pathlib import Path

import pytest

from geolocdesk.analysis import Analysis, AnalysisFailure, Exclusions
from geolocdesk.engine import jobs
from geolocdesk.engine.jobs import AnalyseAgain, AnalysePhotos, AppendPhotos, BuildPack, OpenPack, VerifyPack
from geolocdesk.engine.workshop import Workshop
from geolocdesk.errors import PackError, SourceError
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.features.model_pack import DEFAULT_MODEL, find_model
from geolocdesk.progress import Cancelled, Progress, ProgressCallback, ignore_progress
from geolocdesk.reference.opening import OpenedModel
from geolocdesk.reference.pack import FileCheck
from geolocdesk.reference.sources.source import Source
from tests.conftest import REPOSITORY
from tests.doubles.analyses import make_analysis
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.fake_analyser import FakeWorkshop
from tests.doubles.photo_tables import write_photos


def test_opening_says_what_is_open_before_it_loads_the_model(tmp_path: Path) -> None:
    steps: list[object] = []
    steps.extend(opened.manifest.name for opened in OpenPack(tmp_path).run(FakeWorkshop(), steps.append))
    tasks = [step.task if isinstance(step, Progress) else step for step in steps]
    assert tasks == ["Opening the reference pack", "Balkan streets 2025", "Loading the model"]


def test_analysing_without_a_pack_is_refused_in_words() -> None:
    job = AnalysePhotos((Path("a.jpg"),), EstimationParameters())
    with pytest.raises(PackError, match="No reference pack is open"):
        list(job.run(Workshop(), ignore_progress))


def test_photos_are_answered_in_order_with_thumbnails(tmp_path: Path) -> None:
    paths = tuple(tmp_path / name for name in ("a.jpg", "broken.jpg", "c.jpg"))
    for path in paths:
        path.write_bytes(path.name.encode())
    workshop = FakeWorkshop()
    list(OpenPack(tmp_path).run(workshop, ignore_progress))
    results = list(AnalysePhotos(paths, EstimationParameters()).run(workshop, ignore_progress))
    assert [type(result) for result in results] == [Analysis, AnalysisFailure, Analysis]
    assert all(result.thumbnail for result in results if isinstance(result, Analysis))
    without = AnalysePhotos(paths[:1], EstimationParameters(), thumbnails=False)
    (bare,) = without.run(workshop, ignore_progress)
    assert isinstance(bare, Analysis)
    assert bare.thumbnail is None


def test_only_the_newest_recomputation_of_a_photo_matters(tmp_path: Path) -> None:
    analysis = make_analysis()
    first = AnalyseAgain(analysis, EstimationParameters(), Exclusions())
    other = AnalyseAgain(make_analysis(path=tmp_path / "b.jpg"), EstimationParameters(), Exclusions())
    assert first.subject == analysis.evidence.sha256 != other.subject


def test_verifying_names_the_files_at_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    checks = [FileCheck("index.faiss", "intact"), FileCheck("metadata.sqlite", "changed")]
    monkeypatch.setattr(jobs, "verify_pack", lambda *_arguments, **_options: iter(checks))
    (checked,) = VerifyPack(tmp_path).run(Workshop(), ignore_progress)
    assert not checked.intact
    assert checked.at_fault == ("metadata.sqlite: changed",)


def test_appending_goes_on_where_it_stopped_and_leaves_out_copies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = find_model(DEFAULT_MODEL)
    extractors: list[HistogramExtractor] = []

    def opened(_model: str, *, device: str) -> OpenedModel:
        extractors.append(HistogramExtractor())
        return OpenedModel(model, extractors[-1], None)

    monkeypatch.setattr(jobs, "open_for_building", opened)
    first, more = (write_photos(tmp_path / f"{start}", 40, first=start) for start in (0, 20))
    more.write_text(more.read_text().replace("id2", "other2").replace("id3", "other3"))
    list(BuildPack(first, tmp_path / "pack").run(Workshop(), ignore_progress))
    job = AppendPhotos(tmp_path / "pack", more, drop_duplicates=True)

    def stop(progress: Progress) -> None:
        if progress.task == "Describing photos" and progress.done >= 32:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(job.run(Workshop(), stop))
    (result,) = job.run(Workshop(), ignore_progress)
    assert (result.added, result.duplicates, result.references) == (20, 20, 60)
    assert [extractor.described for extractor in extractors] == [40, 32, 8]
    assert all(extractor.closed for extractor in extractors)


@pytest.mark.parametrize("append", [False, True])
def test_looking_through_a_source_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, append: bool
) -> None:
    def look_through(_path: Path, *, progress: ProgressCallback) -> Source:
        progress(Progress("Reading the source", 3, None))
        message = "There is nothing usable in it."
        raise SourceError(message)

    model = OpenedModel(find_model(DEFAULT_MODEL), HistogramExtractor(), None)
    monkeypatch.setattr(jobs, "open_for_building", lambda _model, *, device: model)
    monkeypatch.setattr(jobs, "open_source", look_through)
    folders = tmp_path / "pack", tmp_path / "photos"
    job = AppendPhotos(*folders) if append else BuildPack(folders[1], folders[0])
    told: list[str] = []
    with pytest.raises(SourceError):
        list(job.run(Workshop(), lambda progress: told.append(progress.task)))
    assert told == ["Loading the model", "Reading the source"]


@pytest.mark.parametrize(
    "module",
    [
        "geolocdesk.engine.engine",
        "geolocdesk.engine.jobs",
        "geolocdesk.gui.practice_job",
        "geolocdesk.gui.report_job",
        "geolocdesk.gui.analysis_view",
    ],
)
def test_the_engine_s_process_never_imports_qt_or_more_than_it_needs(module: str) -> None:
    code = f"import sys, {module}; print([name for name in ('PySide6', 'torch', 'faiss') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=120
    )
    assert ast.literal_eval(done.stdout) == []
