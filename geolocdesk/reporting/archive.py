"""ZIP archives whose bytes depend on their contents alone."""

import zipfile
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time ZIP can write: an archive carries no time of its own."""


def open_archive(path: Path) -> zipfile.ZipFile:
    """Return a new archive at ``path``."""
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)


def archive_entry(name: str) -> zipfile.ZipInfo:
    """Return an entry's header, the same on every system and at any time."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry
