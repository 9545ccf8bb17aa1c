"""Reference packs: opening, building and verifying them, and making the practice world ready."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from geolocdesk.engine.jobs import OpenedPack, PackChecked, VerifyPack
from geolocdesk.engine.messages import Job
from geolocdesk.gui.append_dialog import AppendDialog
from geolocdesk.gui.build_pack_dialog import BuildPackDialog
from geolocdesk.gui.first_start import FirstStart
from geolocdesk.gui.job_board import JobBoard
from geolocdesk.gui.jobs import EngineJob, EngineJobs, Failure
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.practice_job import PreparePractice
from geolocdesk.gui.reference_session import ReferenceSession, ReferenceState
from geolocdesk.gui.text_dialog import TableDialog
from geolocdesk.paths import UserFolders
from geolocdesk.practice.prepared import PreparedPractice
from geolocdesk.progress import Progress
from geolocdesk.quantities import count_text
from geolocdesk.reference.append import AppendResult
from geolocdesk.reference.build import BuildResult
from geolocdesk.reference.manifest import Manifest
from geolocdesk.settings import Settings, with_pack
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text

_CHANGES_SHOWN = 4


class ReferenceDesk(QObject):
    """What the user does with reference packs. Long work runs in an engine of its own, so analysing goes on."""

    settings_changed = Signal(object)
    """Settings."""
    practice_ready = Signal(object)
    """PreparedPractice, its pack being opened."""
    workbench_ended = Signal()

    def __init__(
        self,
        window: QWidget,
        reference: ReferenceSession,
        *,
        folders: UserFolders,
        settings: Callable[[], Settings],
        first_start: FirstStart,
        notices: NoticeBar,
        board: JobBoard,
        make_workbench: Callable[[], EngineJobs] = EngineJobs,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._reference = reference
        self._folders = folders
        self._settings = settings
        self._first_start = first_start
        self._notices = notices
        self._board = board
        self._make_workbench = make_workbench
        self._workbench: EngineJobs | None = None
        self._job: EngineJob | None = None
        first_start.cancel_requested.connect(self.cancel)
        reference.changed.connect(self._show_opening)
        reference.opened.connect(self._remember)
        reference.failed.connect(self._show_opening_failure)

    @property
    def is_busy(self) -> bool:
        """Return whether a pack is being built or verified."""
        return self._job is not None

    # Opening

    def choose_and_open(self) -> None:
        """Ask for a pack's folder and open it."""
        start = self._settings().pack or str(self._folders.packs)
        chosen = QFileDialog.getExistingDirectory(self._window, "Open reference pack", start)
        if chosen:
            self.open(Path(chosen))

    def ask_for_one(self) -> None:
        """Say that a pack is needed, and offer to choose one."""
        self._notices.show_passing(
            "warning",
            "Photos are compared with a reference pack, and none is open.",
            "Open reference pack …",
            self.choose_and_open,
        )

    def choose_or_tell(self) -> None:
        """Ask for a pack where none is in use, and tell about the one that is."""
        if self._reference.pack is None:
            self.choose_and_open()
        else:
            self.show_info()

    def open(self, folder: Path) -> None:
        """Open a pack."""
        settings = self._settings()
        self._reference.open(
            folder,
            model=settings.model or None,
            device=settings.device,
            workers=settings.decoder_processes,
        )

    def _show_opening(self) -> None:
        if self._reference.step:
            folder = self._reference.opening
            name = "" if folder is None else f": {visible_text(folder.name)}"
            self._board.show("open", f"{self._reference.step}{name}")
        else:
            self._board.end("open")

    def _remember(self, opened: OpenedPack) -> None:
        self._first_start.show_ready()
        self.settings_changed.emit(with_pack(self._settings(), opened.folder))

    def _show_opening_failure(self, failure: Failure) -> None:
        self._first_start.show_ready(failure.message)
        self._notices.show_passing("danger", failure.message, "Open another pack …", self.choose_and_open)

    # Long work

    def build(self, source: Path | None = None) -> None:
        """Ask what to build from and build it."""
        settings = self._settings()
        dialog = BuildPackDialog(
            self._folders.packs,
            model=settings.model or None,
            device=settings.device,
            source=source,
            parent=self._window,
        )
        if dialog.exec() != BuildPackDialog.DialogCode.Accepted:
            return
        job = self._run(dialog.job, "build", "Building the reference pack")
        if job is not None:
            job.produced.connect(self._take_built)

    def append(self) -> None:
        """Ask which photos to add to the pack in use, and add them."""
        pack = self._reference.pack
        if pack is None:
            self._notices.show_passing("info", "No reference pack is open.")
            return
        dialog = AppendDialog(pack.folder, device=self._settings().device, parent=self._window)
        if dialog.exec() != AppendDialog.DialogCode.Accepted:
            return
        job = self._run(dialog.job, "build", "Appending to the reference pack")
        if job is not None:
            job.produced.connect(self._take_appended)

    def prepare_practice(self) -> None:
        """Draw the practice world and build its pack where they are missing, then open it."""
        device = self._settings().device
        job = self._run(
            PreparePractice(self._folders.practice, device), "build", "Preparing the practice case"
        )
        if job is not None:
            job.produced.connect(self._take_practice)

    def verify(self) -> None:
        """Hash every byte of the pack in use."""
        pack = self._reference.pack
        if pack is None:
            self._notices.show_passing("info", "No reference pack is open.")
            return
        job = self._run(VerifyPack(pack.folder), "verify", "Verifying the reference pack")
        if job is not None:
            job.produced.connect(self._take_checked)

    def cancel(self) -> None:
        """End the long work that runs; what it finished is kept."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """End the engine of the long work; ``workbench_ended`` follows."""
        if self._workbench is None:
            self.workbench_ended.emit()
        else:
            self._workbench.close()

    def _run(self, job: Job, name: str, title: str) -> EngineJob | None:
        if self._job is not None:
            self._notices.show_passing(
                "info", "Something is being built or verified already; wait or stop it."
            )
            return None
        if self._workbench is None:
            self._workbench = self._make_workbench()
            self._workbench.setParent(self)
            self._workbench.ended.connect(self.workbench_ended)
        self._job = self._workbench.run(job)
        self._show_progress(name, Progress(title, 0, None))
        self._job.progressed.connect(lambda progress: self._show_progress(name, progress))
        self._job.failed.connect(self._show_failure)
        self._job.cancelled.connect(self._show_cancelled)
        self._job.closed.connect(lambda: self._end(name))
        return self._job

    def _show_progress(self, name: str, progress: Progress) -> None:
        text = progress_text(progress)
        self._board.show(name, text, progress.done, progress.total, self.cancel)
        if name == "build":
            self._first_start.show_busy(text, progress.done, progress.total)

    def _end(self, name: str) -> None:
        self._job = None
        self._board.end(name)

    def _show_failure(self, failure: Failure) -> None:
        self._first_start.show_ready(failure.message)
        self._notices.show_passing("danger", failure.message)

    def _show_cancelled(self) -> None:
        self._first_start.show_ready()
        self._notices.show_passing("info", "Stopped. Starting it again goes on where it stopped.")

    def _take_built(self, result: BuildResult) -> None:
        text = f"{visible_text(result.folder.name)}: {count_text(result.references, 'reference')}"
        if result.rejected:
            text += f"; {count_text(len(result.rejected), 'photo')} rejected, see rejected.csv in its folder"
        self._notices.show_passing("info" if not result.rejected else "warning", f"{text}.")
        self.open(result.folder)

    def _take_appended(self, result: AppendResult) -> None:
        text = f"{visible_text(result.folder.name)}: {count_text(result.added, 'reference')} added"
        if result.already_there:
            text += f", {result.already_there:,} there already"
        if result.left_out:
            text += f", {result.left_out:,} left out as copies"
        if result.rejected:
            text += f"; {count_text(len(result.rejected), 'photo')} rejected, see rejected.csv in {visible_text(result.lists.name)}"
        self._notices.show_passing("info" if not result.rejected else "warning", f"{text}.")
        if result.added:
            self.open(result.folder)

    def _take_practice(self, prepared: PreparedPractice) -> None:
        self.open(prepared.pack)
        self.practice_ready.emit(prepared)

    def _take_checked(self, checked: PackChecked) -> None:
        name = visible_text(checked.folder.name)
        if checked.intact:
            self._notices.show_passing(
                "info", f"{name} is intact: every file has the hash its manifest gives."
            )
        else:
            self._notices.show_passing(
                "danger",
                f"{name} is not as it was built ({'; '.join(checked.at_fault)}). Restore it from a copy.",
            )

    # Telling

    def show_info(self) -> None:
        """Say what the pack in use holds and what made it."""
        pack = self._reference.pack
        if pack is None:
            self._notices.show_passing("info", "No reference pack is open.")
            return
        TableDialog(
            "Reference pack",
            "The photos that yours are compared with.",
            pack_rows(pack),
            self._window,
        ).exec()


def progress_text(progress: Progress) -> str:
    """Return how far a job is, in words."""
    text = progress.task
    if progress.total:
        text += f" {progress.done:,} of {progress.total:,}"
    return f"{text} {visible_text(progress.detail)}".rstrip()


def pack_rows(pack: OpenedPack) -> list[tuple[str, str]]:
    """Return what there is to say about a pack."""
    manifest = pack.manifest
    verified = pack.last_verified
    licences = ", ".join(f"{visible_text(name)} ({count:,})" for name, count in manifest.licences.items())
    return [
        ("Name", visible_text(manifest.name)),
        ("Kind", "synthetic, drawn for practice" if manifest.synthetic else "photos"),
        ("References", f"{manifest.references:,}"),
        ("Rejected when built", f"{manifest.rejected:,}"),
        ("With small pictures", f"{manifest.thumbnails:,}"),
        ("Licences", licences or "not stated"),
        ("Model", pack.model_name),
        ("Computed on", pack.device),
        ("Built", visible_text(manifest.created_at)),
        ("Changed since", visible_text(changes_text(manifest)) or "never"),
        ("Built with geolocdesk", visible_text(manifest.program_version)),
        ("Last verified", "never" if isinstance(verified, Unavailable) else verified),
        ("Pack id", pack.pack_id),
        ("Folder", visible_text(str(pack.folder))),
    ]


def changes_text(manifest: Manifest) -> str:
    """Return what was done to a pack since it was built, the last few changes."""
    changes = [f"{change.action} {change.at}" for change in manifest.history[1:]]
    more = [f"{len(changes) - _CHANGES_SHOWN:,} before"] if len(changes) > _CHANGES_SHOWN else []
    return ", ".join([*more, *changes[-_CHANGES_SHOWN:]])


def pack_summary(reference: ReferenceSession) -> tuple[str, str, bool]:
    """Return the status line's words on the pack in use, their details, and whether it answers."""
    pack = reference.pack
    if reference.state is ReferenceState.OPENING and pack is None:
        return "Opening the reference pack", "", False
    if pack is None:
        return "No reference pack", "Photos can be added, but not analysed", False
    name = visible_text(pack.manifest.name)
    if pack.manifest.synthetic and "synthetic" not in name.casefold():
        name = f"{name} (synthetic)"
    details = f"{pack.manifest.references:,} references, {pack.model_name} on {pack.device}"
    return f"{name} · {pack.model_name}", details, True
