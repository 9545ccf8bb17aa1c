"""The command line as a whole: usage, exit codes, and what it does not import."""

import subprocess
import sys
from pathlib import Path

import pytest

from geolocdesk.cli.commands import build_parser, run

HEAVY = ("torch", "torchvision", "timm", "faiss", "PySide6", "folium", "matplotlib", "shapely", "numpy")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["analyse", "--help"], ["reference", "build", "--help"], ["evaluate", "--help"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        f"import sys; sys.argv = ['geolocdesk', *{arguments!r}]\n"
        "from geolocdesk.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0, end.code\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"
    assert "usage: geolocdesk" in done.stdout


def test_every_command_has_help() -> None:
    text = build_parser().format_help()
    for command in ("demo", "analyse", "reference", "evaluate"):
        assert command in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyse"],
        ["analyse", "x.jpg"],
        ["analyse", "x.jpg", "--reference", "p", "--neighbours", "0"],
        ["analyse", "x.jpg", "--reference", "p", "--bandwidth-deg", "0"],
        ["analyse", "x.jpg", "--reference", "p", "--exponent", "nan"],
        ["analyse", "x.jpg", "--reference", "p", "--estimator", "guess"],
        ["reference"],
        ["nonsense"],
        ["evaluate", "--where", "a=b", "--reference", "x", "--queries", "y"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run(arguments)
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_where_belongs_to_the_table_before_it() -> None:
    options = build_parser().parse_args(
        [
            *["evaluate", "--reference", "r.csv", "--where", "split=reference", "--where", "view=0,1"],
            *["--reference", "pack", "--queries", "q.csv", "--where", "split=query"],
        ]
    )
    assert [(table.path, table.where) for table in options.reference] == [
        (Path("r.csv"), ["split=reference", "view=0,1"]),
        (Path("pack"), []),
    ]
    assert options.queries_where == ["split=query"]


def test_parsing_twice_does_not_keep_the_first_conditions() -> None:
    arguments = ["evaluate", "--reference", "r", "--where", "a=1", "--queries", "q"]
    parser = build_parser()
    parser.parse_args(arguments)
    (reference,) = parser.parse_args(arguments).reference
    assert reference.where == ["a=1"]
