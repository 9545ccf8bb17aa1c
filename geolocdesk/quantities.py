"""How numbers are written for a reader: rounded to what they can carry, with their unit."""

NO_BREAK = "\N{NO-BREAK SPACE}"


def distance_text(distance_km: float) -> str:
    """Return a distance on the ground: ``850 m``, ``3.2 km``, ``412 km``, ``12,500 km``."""
    if distance_km < 0.9995:
        return f"{round(distance_km * 1000)}{NO_BREAK}m"
    if distance_km < 9.95:
        return f"{distance_km:.1f}{NO_BREAK}km"
    return f"{_three_digits(distance_km)}{NO_BREAK}km"


def radius_text(radius_km: float) -> str:
    """Return an exact radius, such as a level's: ``1 km``, ``2,500 km``."""
    return f"{radius_km:,g}{NO_BREAK}km"


def area_text(area_km2: float) -> str:
    """Return an area: ``0.8 km²``, ``412 km²``, ``12,300 km²``, ``1.25 million km²``."""
    if area_km2 < 9.95:
        return f"{area_km2:.2g}{NO_BREAK}km²"
    if area_km2 < 999_500:
        return f"{_three_digits(area_km2)}{NO_BREAK}km²"
    return f"{area_km2 / 1e6:.3g}{NO_BREAK}million{NO_BREAK}km²"


def share_text(share: float) -> str:
    """Return a share of one in whole per cent; never rounds to certainty or to nothing."""
    if share <= 0.0:
        return f"0{NO_BREAK}%"
    if share < 0.01:
        return f"<{NO_BREAK}1{NO_BREAK}%"
    if 0.99 < share < 1.0:
        return f">{NO_BREAK}99{NO_BREAK}%"
    return f"{share * 100:.0f}{NO_BREAK}%"


def size_text(size_bytes: int) -> str:
    """Return a file's size in decimal units with its exact byte count: ``2.4 MB (2,412,345 bytes)``."""
    exact = f"{size_bytes:,} bytes"
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g}{NO_BREAK}{unit} ({exact})"
    return exact


def count_text(count: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun: ``1 photo``, ``1,200 photos``."""
    noun = singular if count == 1 else plural or f"{singular}s"
    return f"{count:,}{NO_BREAK}{noun}"


def _three_digits(value: float) -> str:
    """Return the whole number nearest to ``value`` among those with three significant digits."""
    digits = max(len(str(int(value))) - 3, 0)
    return f"{round(round(value), -digits):,}"
