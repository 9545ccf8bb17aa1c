"""What a container of photos, a ZIP or a tar, lists; its names and numbers are untrusted."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from geolocdesk.errors import SourceError
from geolocdesk.evidence.formats import PHOTO_SUFFIXES
from geolocdesk.evidence.packed import PackedFile
from geolocdesk.evidence.untrusted import clean_text

_LONGEST_NAME = 1024
_DRIVE = re.compile("[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Member:
    """One file that a container lists, or why it cannot be read."""

    name: str
    """As it may be shown, with ``/`` between folders."""
    packed: PackedFile | None
    rejected: str = ""
    is_whole: bool = False
    """It stands for the container, of which the rest is lost."""

    @property
    def is_photo(self) -> bool:
        """Return whether its name is one of a photo that is not hidden."""
        return not is_hidden(self.name) and PurePosixPath(self.name).suffix.lower() in PHOTO_SUFFIXES


def is_hidden(name: str) -> bool:
    """Return whether a name is one that folders do not show, or of what macOS adds to ZIPs."""
    parts = PurePosixPath(name).parts
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in parts)


def rejected_member(name: str, reason: str) -> Member:
    """Return a member that cannot be read."""
    return Member(clean_text(name, _LONGEST_NAME) or "(no name)", None, reason)


def rest_of(container: Path, reason: str) -> Member:
    """Return what stands for all that a damaged container lists no more."""
    return Member(container.name, None, f"{reason}; what comes after is lost", is_whole=True)


def fault_of_name(name: str) -> str:
    """Return why a member's name is not one that an honest program writes, or an empty text."""
    if not name or len(name) > _LONGEST_NAME:
        return f"its name in the container is empty or longer than {_LONGEST_NAME} characters"
    if clean_text(name, _LONGEST_NAME) != " ".join(name.split()) or not name.isprintable():
        return "its name in the container holds characters that cannot be shown"
    if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        return "its name in the container leads out of the container"
    return ""


class SeenNames:
    """The names a container has listed so far, eight bytes each."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def repeated(self, name: str) -> bool:
        """Return whether the name was there before, and remember it."""
        key = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        if key in self._seen:
            return True
        self._seen.add(key)
        return False


def cannot_read(path: Path, reason: str) -> SourceError:
    """Return the sentence for a container that cannot be used."""
    return SourceError(f"The container {path} cannot be read: {reason}.")
