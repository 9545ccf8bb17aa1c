"""What the user prefers, kept between sessions. Analysis parameters are not settings: results hold them."""

import json
import os
import tempfile
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal, get_args

from geolocdesk.errors import SettingsError

SCHEMA = 1
"""Raised whenever a key changes its meaning; new keys need no new schema."""

SchemeName = Literal["system", "light", "dark"]

_MOST_RECENT = 12


@dataclass(frozen=True, slots=True)
class Settings:
    """Every preference with its default."""

    scheme: SchemeName = "system"
    text_scale: float = 1.0
    """Factor on every text height, 0.8–2."""
    list_level: str = "region"
    """The level whose probability the evidence list shows."""
    examiner: str = ""
    organisation: str = ""
    keep_originals: bool = False
    """Whether a new case keeps a copy of each photo inside its file."""
    device: str = "auto"
    decoder_processes: int = 1
    pack: str = ""
    """The reference pack to open at start; empty for none."""
    model: str = ""
    """The model to open with it; empty for the one that the pack was built with."""
    recent_cases: tuple[str, ...] = ()
    recent_packs: tuple[str, ...] = ()
    base_maps: tuple[str, ...] = ()
    """The user's own MBTiles and PMTiles files."""


def load_settings(file: Path) -> Settings:
    """Return the settings in the file, or the defaults where there is none.

    Raises SettingsError for a file that is not TOML, has an unknown key, a wrong value or a newer schema.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read ({error}). Move it away to start with the default settings."
        raise SettingsError(message) from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{file} is not valid TOML: {error}. Correct it, or move it away for the default settings."
        raise SettingsError(message) from error
    return _settings_of(values, file)


def save_settings(settings: Settings, file: Path) -> None:
    """Write the settings, replacing the file in one step.

    Raises SettingsError where the folder cannot be written; the old file is then untouched.
    """
    lines = [f"schema = {SCHEMA}"]
    lines += [f"{entry.name} = {_toml(getattr(settings, entry.name))}" for entry in fields(settings)]
    text = "\n".join(lines) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name, suffix=".part")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"the settings could not be saved to {file}: {error.strerror or error}."
        raise SettingsError(message) from error


def with_recent_case(settings: Settings, case: Path) -> Settings:
    """Return the settings with this case as the most recent one."""
    return replace(settings, recent_cases=_newest_first(case, settings.recent_cases))


def with_pack(settings: Settings, pack: Path) -> Settings:
    """Return the settings with this pack as the one in use."""
    recent = _newest_first(pack, settings.recent_packs)
    return replace(settings, pack=recent[0], recent_packs=recent) if recent else settings


def _newest_first(path: Path, others: tuple[str, ...]) -> tuple[str, ...]:
    name = str(path)
    if not name.isprintable():  # undecodable bytes in a file name have no spelling in TOML
        return others
    return (name, *(other for other in others if other != name))[:_MOST_RECENT]


def _settings_of(values: dict[str, object], file: Path) -> Settings:
    schema = values.pop("schema", None)
    if not isinstance(schema, int) or schema < 1:
        message = f"{file} does not say its schema; add the line “schema = {SCHEMA}” or move the file away."
        raise SettingsError(message)
    if schema > SCHEMA:
        message = (
            f"{file} was written by a newer version of geolocdesk (schema {schema}, this one knows {SCHEMA}). "
            "Update the program, or move the file away for the default settings."
        )
        raise SettingsError(message)
    defaults = Settings()
    known = {entry.name for entry in fields(Settings)}
    unknown = sorted(values.keys() - known)
    if unknown:
        message = f"{file} has keys this version does not know: {', '.join(unknown)}. Remove them."
        raise SettingsError(message)
    checked = {name: _checked(name, value, getattr(defaults, name), file) for name, value in values.items()}
    return _in_range(replace(defaults, **checked), file)  # type: ignore[arg-type]


def _checked(name: str, value: object, default: object, file: Path) -> object:
    if (
        isinstance(default, tuple)
        and isinstance(value, list)
        and all(isinstance(part, str) for part in value)
    ):
        return tuple(value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is type(default):
        return value
    wanted = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}.get(
        type(default), "a list of texts"
    )
    message = f"{file}: {name} must be {wanted}."
    raise SettingsError(message)


def _in_range(settings: Settings, file: Path) -> Settings:
    choices: dict[str, tuple[str, ...]] = {
        "scheme": get_args(SchemeName),
        "list_level": ("street", "city", "region", "country", "continent"),
    }
    for name, allowed in choices.items():
        if getattr(settings, name) not in allowed:
            message = f"{file}: {name} must be one of {', '.join(allowed)}."
            raise SettingsError(message)
    ranges = {"text_scale": (0.8, 2.0), "decoder_processes": (1, 32)}
    for name, (low, high) in ranges.items():
        if not low <= getattr(settings, name) <= high:
            message = f"{file}: {name} must lie between {low} and {high}."
            raise SettingsError(message)
    return settings


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
