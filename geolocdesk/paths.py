"""Where things lie: what the program ships, and what it keeps for its user."""

import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from platformdirs import PlatformDirs

HOME_VARIABLE = "GEOLOCDESK_HOME"
"""Environment variable naming one folder that takes the place of all the user's folders."""


@dataclass(frozen=True, slots=True)
class UserFolders:
    """The folders this program keeps for one user. None of them needs to exist yet."""

    data: Path
    """What must not be lost: unsaved cases, installed models."""
    config: Path
    """Settings and the window's layout."""
    cache: Path
    """What can be made again."""

    @property
    def cases(self) -> Path:
        """Return the folder of cases that have not been saved under a name yet."""
        return self.data / "cases"

    @property
    def packs(self) -> Path:
        """Return the folder of installed reference packs."""
        return self.data / "packs"

    @property
    def models(self) -> Path:
        """Return the folder of installed models."""
        return self.data / "models"

    @property
    def practice(self) -> Path:
        """Return the folder of the practice case and its reference pack."""
        return self.data / "practice"

    @property
    def settings_file(self) -> Path:
        """Return the file of settings."""
        return self.config / "settings.toml"

    @property
    def layout_file(self) -> Path:
        """Return the file that remembers the window's size and docks."""
        return self.config / "layout.ini"

    @property
    def log_file(self) -> Path:
        """Return the file of warnings and errors."""
        return self.cache / "geolocdesk.log"


def user_folders() -> UserFolders:
    """Return the user's folders by the system's conventions, or all under ``GEOLOCDESK_HOME``."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        root = Path(home)
        return UserFolders(data=root / "data", config=root / "config", cache=root / "cache")
    folders = PlatformDirs("geolocdesk", appauthor=False)
    return UserFolders(
        data=folders.user_data_path, config=folders.user_config_path, cache=folders.user_cache_path
    )


@cache
def resources_folder() -> Path:
    """Return the folder of shipped data: of the bundle, the installed package or the checkout.

    Raises FileNotFoundError where the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    bundle = getattr(sys, "_MEIPASS", None)
    candidates = [package / "resources", package.parent / "resources"]
    if bundle is not None:
        candidates.insert(0, Path(bundle) / "geolocdesk" / "resources")
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    message = (
        f"the installation is incomplete: no resources folder in any of {', '.join(map(str, candidates))}"
    )
    raise FileNotFoundError(message)


def resource(*parts: str) -> Path:
    """Return the path of one shipped file, such as ``resource("icons", "add.svg")``."""
    return resources_folder().joinpath(*parts)
