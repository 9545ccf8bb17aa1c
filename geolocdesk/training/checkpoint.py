"""Where an unfinished training is kept, so that it goes on as if it had never stopped."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path

from geolocdesk.errors import OutputError, TrainingError
from geolocdesk.provenance import JsonValue, sha256_of_bytes
from geolocdesk.whole_file import make_folder, whole_file

_RECIPE_NAME = "recipe.json"
_CHECKPOINT_NAME = "checkpoint.bin"
_HEADER = struct.Struct("<8sqd32s")
_MAGIC = b"gldtrain"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state after so many steps."""

    step: int
    state: bytes
    losses: float = 0.0
    """The sum of the losses of the epoch's steps so far."""


def work_folder(out: Path) -> Path:
    """Return where the unfinished work on a model lies: beside it."""
    return out.with_name(f"{out.name}.partial")


def open_work(out: Path, recipe: dict[str, JsonValue], *, resume: bool) -> Path:
    """Return the folder of the unfinished work, made where it is missing.

    Raises OutputError where the model is there already, or unfinished work that is not to be gone on with or belongs
    to another training.
    """
    if out.exists():
        message = f"{out} exists already; name a new folder for the model."
        raise OutputError(message)
    folder = work_folder(out)
    found = folder / _RECIPE_NAME
    if found.is_file():
        if not resume:
            message = f"{folder} holds an unfinished training of this model. Go on with --resume, or remove the folder."
            raise OutputError(message)
        before = _read_recipe(found)
        changed = sorted(
            name for name in recipe.keys() | before.keys() if recipe.get(name) != before.get(name)
        )
        if changed:
            message = (
                f"The unfinished training in {folder} was begun with another {', '.join(changed)}; resume it with "
                "what it was begun with, or remove the folder to begin anew."
            )
            raise OutputError(message)
        return folder
    make_folder(folder)
    with whole_file(found) as partial:
        partial.write_text(json.dumps(recipe, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def _read_recipe(path: Path) -> dict[str, JsonValue]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read ({error}); remove the folder to begin anew."
        raise OutputError(message) from error
    return value if isinstance(value, dict) else {}


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Put a checkpoint in the place of the one before, which stays until this one is on disk. Raises OutputError."""
    with whole_file(folder / _CHECKPOINT_NAME) as partial, partial.open("wb") as stream:
        stream.write(_HEADER.pack(_MAGIC, checkpoint.step, checkpoint.losses, _digest(checkpoint.state)))
        stream.write(checkpoint.state)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the last checkpoint, None before the first. Raises TrainingError where it is damaged."""
    path = folder / _CHECKPOINT_NAME
    if not path.is_file():
        return None
    try:
        content = path.read_bytes()
        magic, step, losses, digest = _HEADER.unpack_from(content)
    except (OSError, struct.error) as error:
        raise _damaged(path) from error
    state = content[_HEADER.size :]
    if magic != _MAGIC or _digest(state) != digest:
        raise _damaged(path)
    return Checkpoint(step, state, losses)


def _digest(state: bytes) -> bytes:
    return bytes.fromhex(sha256_of_bytes(state))


def _damaged(path: Path) -> TrainingError:
    return TrainingError(f"The checkpoint {path} is damaged; remove it to train from the beginning.")
