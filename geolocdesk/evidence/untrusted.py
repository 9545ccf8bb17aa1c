"""Text that came out of evidence, or names it, made safe to show."""

from os import PathLike, fspath


def clean_text(untrusted: str, limit: int) -> str:
    """Return the text on one line, without control, format or unassigned characters, cut to ``limit``.

    Bidirectional overrides, zero-width characters, escape sequences and lone surrogates are dropped, so that
    what is shown is what is stored.
    """
    if not untrusted.isprintable():
        untrusted = "".join(_replace(character) for character in untrusted[: 4 * limit])
    return " ".join(untrusted.split())[:limit]


def shown_path(path: PathLike[str]) -> str:
    """Return a path as it may be shown: the name of a file is untrusted as well."""
    return clean_text(fspath(path), 500)


def _replace(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else ""
