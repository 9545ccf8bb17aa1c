"""Where a model's weights lie, and reading them only as the bytes whose hash was agreed on."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from geolocdesk.errors import ModelError
from geolocdesk.features.fields import Fields
from geolocdesk.provenance import JsonValue, sha256_of_bytes, sha256_of_file

LARGEST_WEIGHTS_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class WeightsSource:
    """A weights file and its hash: on disk, or inside an installed Python package."""

    path: str
    """On disk; or, with ``package``, inside that package with forward slashes."""
    sha256: str
    package: str | None = None
    """Import name of the installed package that holds the file."""
    distribution: str | None = None
    """What to install where the package is missing: name and version."""

    def locate(self) -> Path:
        """Return where the file lies. Raises ModelError where its package is not installed."""
        if self.package is None:
            return Path(self.path)
        folder = _package_folder(self.package)
        if folder is None:
            wanted = self.distribution or self.package
            message = f"The model's weights are not installed: install the Python package {wanted}."
            raise ModelError(message)
        return folder.joinpath(*PurePosixPath(self.path).parts)

    def read(self) -> bytes:
        """Return the file's bytes, whose hash has been checked. Raises ModelError."""
        path = self.locate()
        _check_size(path)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise unreadable(path, error) from error
        actual = sha256_of_bytes(content)
        if actual != self.sha256:
            message = (
                f"The weights file {path} is not the one the model was recorded with: its SHA-256 is {actual}, "
                f"not {self.sha256}. Restore the original file or choose another model."
            )
            raise ModelError(message)
        return content

    def moved_to(self, path: Path) -> "WeightsSource":
        """Return the same weights, of the same hash, at another path."""
        return replace(self, path=str(path), package=None, distribution=None)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the source as plain JSON values."""
        return {
            "path": self.path,
            "sha256": self.sha256,
            "package": self.package,
            "distribution": self.distribution,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue]) -> "WeightsSource":
        """Return the source that ``to_json`` wrote. Raises ModelError on other input."""
        fields = Fields(value, "weights")
        source = cls(
            path=fields.local_path("path"),
            sha256=fields.text("sha256"),
            package=fields.optional_text("package"),
            distribution=fields.optional_text("distribution"),
        )
        inside = PurePosixPath(source.path)
        if source.package is not None and (inside.is_absolute() or ".." in inside.parts):
            name = "path"
            raise fields.fault(name, "leads out of its package")
        return source


def weights_at(path: Path) -> WeightsSource:
    """Return the source of a file on disk, hashed now. Raises ModelError."""
    local_path = Fields({"path": str(path.absolute())}, "weights").local_path("path")
    _check_size(path)
    try:
        return WeightsSource(local_path, sha256_of_file(path))
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> ModelError:
    """Return the error for a model's file that the system would not give."""
    reason = error.strerror or str(error)
    return ModelError(f"The model's file {path} cannot be read ({reason}); check the path and your rights.")


def _check_size(path: Path) -> None:
    try:
        size_bytes = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error
    if not path.is_file() or size_bytes > LARGEST_WEIGHTS_BYTES:
        message = (
            f"{path} is no weights file: it is not a plain file of at most {LARGEST_WEIGHTS_BYTES >> 30} GiB."
        )
        raise ModelError(message)


def _package_folder(package: str) -> Path | None:
    """Return an installed package's folder without importing it."""
    if not package.isidentifier():
        return None
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations)))
