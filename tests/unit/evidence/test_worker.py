import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def test_the_decoding_process_imports_next_to_nothing() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); "
        "import geolocdesk.evidence.worker; print('\\n'.join(sys.modules))"
    )
    listing = subprocess.run(
        [sys.executable, "-I", "-B", "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    ours = {name for name in listing if name.startswith("geolocdesk.")}
    assert not {name.split(".")[1] for name in ours} - {
        "errors",
        "evidence",
        "geodesy",
        "provenance",
        "unavailable",
    }
    heavy = {
        "torch",
        "torchvision",
        "faiss",
        "PySide6",
        "pillow_heif",
        "scipy",
        "shapely",
        "multiprocessing",
    }
    assert heavy.isdisjoint(listing)
    plugins = {name for name in listing if name.startswith("PIL.") and name.endswith("ImagePlugin")}
    assert plugins <= {"PIL.JpegImagePlugin"}
