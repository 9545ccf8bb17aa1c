"""A decoding process that misbehaves as the photo's name says (``decode-abort.jpg``). Started by test_intake.py."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

sys.path[:] = json.loads(sys.argv[1])

# ruff: noqa: E402
from geolocdesk.evidence import worker
from geolocdesk.evidence.limits import IntakeLimits
from geolocdesk.evidence.messages import JsonObject, Kind, write_json

FILE: JsonObject = {"sha256": "0" * 64, "size_bytes": 1, "media_type": "image/jpeg", "remarks": []}
PICTURE: JsonObject = {"width_px": 1, "height_px": 1, "orientation": 1, "remarks": []}


def loop() -> None:
    while True:
        pass


def hold_the_interpreter() -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")


def hog() -> None:
    blocks = []
    while True:
        blocks.append(bytes(16 * 2**20))


def fail() -> None:
    message = "a fault of our own"
    raise NotImplementedError(message)


MISDEEDS: dict[str, Callable[[], None]] = {
    "loop": loop,
    "stuck": hold_the_interpreter,
    "hog": hog,
    "abort": os.abort,
    "exit": lambda: os._exit(3),
    "out_of_memory": lambda: os._exit(77),
    "killed": lambda: os.kill(os.getpid(), 9),
    "fault": fail,
}


def misbehave_in(function: str, stage: str) -> None:
    behave = getattr(worker, function)

    def misbehave(*arguments: object) -> object:
        when, _, how = CURRENT[0].stem.partition("-")
        if when == stage:
            MISDEEDS[how]()
        return behave(*arguments)

    setattr(worker, function, misbehave)


CURRENT = [Path()]


Answer = Callable[[JsonObject, IntakeLimits, BinaryIO], None]


def answer_with_lies(behave: Answer) -> Answer:
    lies: dict[str, list[tuple[Kind, JsonObject]]] = {
        "order": [(Kind.EXIF, {})],
        "hash": [(Kind.FILE, FILE | {"sha256": "../../etc/passwd"})],
        "format": [(Kind.FILE, FILE | {"media_type": "text/html"}), (Kind.PICTURE, dict(PICTURE))],
        "size": [(Kind.FILE, dict(FILE)), (Kind.PICTURE, PICTURE | {"width_px": "wide"})],
        "failure": [(Kind.FAILURE, {"kind": "invented", "message": ""})],
        "exif": [(Kind.FILE, dict(FILE)), (Kind.PICTURE, dict(PICTURE)), (Kind.EXIF, {"position": [0.0]})],
    }

    answered: list[str] = []

    def answer(request: JsonObject, limits: IntakeLimits, replies: BinaryIO) -> None:
        CURRENT[0] = Path(str(request["path"]))
        when, _, how = CURRENT[0].stem.partition("-")
        if when == "used" and answered:
            MISDEEDS[how]()
        answered.append(how)
        if when == "noise":
            replies.write(b"HTTP/1.1 200 OK\r\n" * 100)
            replies.flush()
        elif when == "lie":
            for kind, value in lies[how]:
                write_json(replies, kind, value)
        else:
            behave(request, limits, replies)

    return answer


misbehave_in("read_once", "read")
misbehave_in("decode", "decode")
misbehave_in("summarise", "exif")
worker._answer = answer_with_lies(worker._answer)  # type: ignore[assignment]  # argument names differ
worker.main()
