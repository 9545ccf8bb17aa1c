"""Put the map page's third-party script, and the licences of all it bundles, into ``resources/map/vendor``.

    python packaging/vendor_map_scripts.py

Needs the npm registry and npm. Which packages the script bundles is read from its source map.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "packaging"))

from registry import RegistryPackage, fetch  # noqa: E402

VECTOR_TILES = RegistryPackage(
    registry="npm",
    name="protomaps-leaflet",
    version="5.1.0",
    sha256="0b45b08d0e6f7d39816415dbe6821d0556e7997ec716ed0123305cc1fe5a3fd8",
)
"""Draws vector tiles in Leaflet."""

SOURCE_MAP_COMMENT = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


def main() -> None:
    """Fetch, copy, and say what was bundled."""
    target = REPOSITORY / "resources" / "map" / "vendor"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        package = fetch(VECTOR_TILES, Path(folder)) / "package"
        script = (package / "dist" / "protomaps-leaflet.js").read_text("utf-8")
        (target / "protomaps-leaflet.js").write_text(
            SOURCE_MAP_COMMENT.sub("", script).rstrip() + "\n", "utf-8"
        )
        bundled = bundled_packages(package / "dist" / "protomaps-leaflet.js.map")
        licences = [licence_section(package)]
        modules = install_dependencies(package, Path(folder))
        licences += [licence_section(modules / name) for name in bundled]
    (target / "protomaps-leaflet.LICENCES.txt").write_text("\n\n".join(licences) + "\n", "utf-8")
    print(f"{VECTOR_TILES.label}, with {', '.join(bundled)}")


def bundled_packages(source_map: Path) -> list[str]:
    """Return the npm packages whose sources a bundle holds."""
    sources = json.loads(source_map.read_text("utf-8"))["sources"]
    paths = [source.rsplit("node_modules/", 1)[1] for source in sources if "node_modules/" in source]
    return sorted({"/".join(path.split("/")[: 2 if path.startswith("@") else 1]) for path in paths})


def install_dependencies(package: Path, folder: Path) -> Path:
    """Install the package's dependencies without running anything of theirs; return their folder."""
    project = folder / "project"
    project.mkdir()
    dependencies = json.loads((package / "package.json").read_text("utf-8"))["dependencies"]
    (project / "package.json").write_text(
        json.dumps({"private": True, "dependencies": dependencies}), "utf-8"
    )
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    return project / "node_modules"


def licence_section(package: Path) -> str:
    """Return the package's name, version, stated licence, and the licence text it ships."""
    described = json.loads((package / "package.json").read_text("utf-8"))
    texts = [
        file for file in sorted(package.iterdir()) if file.name.upper().startswith(("LICENSE", "LICENCE"))
    ]
    title = f"{described['name']} {described['version']} ({described['license']})"
    text = texts[0].read_text("utf-8").strip() if texts else "(The package ships no text of its licence.)"
    return f"{title}\n{'-' * len(title)}\n{text}"


if __name__ == "__main__":
    main()
