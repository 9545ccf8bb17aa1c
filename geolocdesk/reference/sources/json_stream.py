"""The objects of a long JSON file one by one, so that a file of any length can be read."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from geolocdesk.errors import SourceError

_BLOCK = 1 << 16
_LONGEST_OBJECT = 1 << 22
_START = re.compile(r'\s*(?:\[|\{.*?"(?:features|data)"\s*:\s*\[)', re.DOTALL)


def json_objects(path: Path) -> Iterator[object]:
    """Yield the elements of the array that a file is or holds as ``features`` or ``data``, or else its lines.

    Raises SourceError where the file cannot be read or is no JSON of that kind.
    """
    try:
        with path.open(encoding="utf-8-sig") as stream:
            if _begins_with_whole_object(stream):
                yield from _lines(path, stream)
            else:
                yield from _elements(path, stream)
    except (OSError, UnicodeDecodeError) as error:
        raise _cannot_read(path, str(error)) from error


def _begins_with_whole_object(stream: TextIO) -> bool:
    """Return whether the first line is an object by itself and no collection; the stream is at its beginning."""
    line = stream.readline(_LONGEST_OBJECT)
    stream.seek(0)
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and not isinstance(value.get("features", value.get("data")), list)


def _lines(path: Path, stream: TextIO) -> Iterator[object]:
    while line := stream.readline(_LONGEST_OBJECT):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _cannot_read(path, f"one of its lines is no object ({error})") from error


def _elements(path: Path, stream: TextIO) -> Iterator[object]:
    text = stream.read(_BLOCK)
    start = _START.match(text)
    if start is None:
        raise _cannot_read(path, "it is neither a list of photos nor an object a line")
    decoder = json.JSONDecoder()
    at = start.end()
    while True:
        while at < len(text) and (text[at].isspace() or text[at] == ","):
            at += 1
        if at < len(text) and text[at] == "]":
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            more = stream.read(_BLOCK) if len(text) - at < _LONGEST_OBJECT else ""
            if not more:
                raise _cannot_read(path, "it is cut short or no JSON") from error
            text, at = text[at:] + more, 0
        else:
            yield value


def _cannot_read(path: Path, reason: str) -> SourceError:
    return SourceError(f"{path} cannot be read as JSON: {reason}.")
