"""The right to write a case: a lock file beside it, which ends with the process."""

from pathlib import Path

from geolocdesk.errors import CaseError
from geolocdesk.file_lock import FileLock, LockHeldError, LockHolder

LOCK_SUFFIX = ".lock"


class CaseLockedError(CaseError):
    """Somebody else is writing the case; it can still be opened for reading."""

    def __init__(self, path: Path, holder: LockHolder | None) -> None:
        super().__init__(
            f"{path} is open in {holder or 'another geolocdesk'}. Close it there, or open it here for reading "
            "only; nothing was changed."
        )
        self.path = path
        self.holder = holder


class CaseLock:
    """Held from ``__init__`` to ``release``. Raises CaseLockedError or CaseError.

    A lock file that a killed program left behind keeps nobody out. The case file itself stays untouched, hash
    included.
    """

    def __init__(self, case_path: Path, host: str, since: str) -> None:
        self.path = lock_path(case_path)
        try:
            self._lock = FileLock(self.path, host, since)
        except LockHeldError as error:
            raise CaseLockedError(case_path, error.holder) from error
        except OSError as error:
            message = (
                f"The folder {self.path.parent} cannot be written to ({error.strerror}), so {case_path.name} cannot "
                "be changed there. Open it for reading only, or copy it to a folder you can write to."
            )
            raise CaseError(message) from error

    def release(self) -> None:
        """Give the right to write back and remove the lock file. A second call does nothing."""
        self._lock.release()


def lock_path(case_path: Path) -> Path:
    """Return where the lock of a case lies; two names of one file share it."""
    resolved = case_path.resolve()
    return resolved.with_name(resolved.name + LOCK_SUFFIX)
