"""Options that several commands share."""

import argparse
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geolocdesk.estimation.location import EstimationParameters

_MOST_WORKERS = 4


def add_model(parser: argparse.ArgumentParser, text: str) -> None:
    """Add ``--model``."""
    parser.add_argument("--model", metavar="MODEL", help=text)


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers`` and ``--device``."""
    parser.add_argument(
        "--workers",
        type=positive_int,
        default=default_workers(),
        metavar="N",
        help="decoding processes (default here %(default)s)",
    )
    add_device(parser)


def chosen_numbers(options: argparse.Namespace, usual: "EstimationParameters") -> "EstimationParameters":
    """Return the usual parameters with ``--neighbours``, ``--exponent`` and ``--bandwidth-deg`` where they are given."""
    return replace(
        usual,
        neighbours=usual.neighbours if options.neighbours is None else options.neighbours,
        exponent=usual.exponent if options.exponent is None else options.exponent,
        bandwidth_deg=usual.bandwidth_deg if options.bandwidth_deg is None else options.bandwidth_deg,
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument(
        "--device",
        default="auto",
        metavar="DEVICE",
        help="auto, cpu, cuda … (default auto: the fastest there is)",
    )


def default_workers() -> int:
    """Return how many decoding processes suit this machine: one a core, and no more than four."""
    return min(os.cpu_count() or 1, _MOST_WORKERS)


def positive_int(text: str) -> int:
    """Return a whole number of at least 1, for argparse."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        message = f"{text!r} is not a whole number of at least 1"
        raise argparse.ArgumentTypeError(message)
    return value


def positive_float(text: str) -> float:
    """Return a number above 0, for argparse."""
    value = non_negative_float(text)
    if value == 0.0:
        message = f"{text!r} is not a number above 0"
        raise argparse.ArgumentTypeError(message)
    return value


def non_negative_float(text: str) -> float:
    """Return a finite number of at least 0, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        message = f"{text!r} is not a finite number of at least 0"
        raise argparse.ArgumentTypeError(message)
    return value


class WhereAction(argparse.Action):
    """Collects ``--where COLUMN=VALUE`` for the table option named last before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Append the condition to the conditions of the last table."""
        table = getattr(namespace, "last_table", None)
        if table is None:
            parser.error(f"{option_string} comes after the table it selects from")
        if isinstance(table, NamedTable):
            table.where.append(str(values))
            return
        conditions = getattr(namespace, f"{table}_where", None) or []
        setattr(namespace, f"{table}_where", [*conditions, str(values)])


class TableAction(argparse.Action):
    """Stores a path and remembers that following ``--where`` conditions are its own."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Store the path."""
        del parser, option_string
        setattr(namespace, self.dest, Path(str(values)))
        namespace.last_table = self.dest


@dataclass
class NamedTable:
    """One of several tables, and the conditions on its rows."""

    path: Path
    where: list[str] = field(default_factory=list)


class TablesAction(argparse.Action):
    """Collects tables, each with the ``--where`` conditions that follow it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Append a table."""
        del parser, option_string
        table = NamedTable(Path(str(values)))
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), table])
        namespace.last_table = table
