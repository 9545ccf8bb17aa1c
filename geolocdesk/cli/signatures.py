"""Signing PDF reports on the command line, and checking what a signature proves."""

import argparse
import getpass
import sys
from pathlib import Path

from geolocdesk.cli.console import EXIT_OK, EXIT_SOME_FAILED, say, write_json, write_result
from geolocdesk.errors import UsageError


def add_signing(parser: argparse.ArgumentParser) -> None:
    """Add the options that sign a PDF report."""
    signing = parser.add_argument_group("signing (with geolocdesk[signing] installed)")
    signing.add_argument(
        "--sign", type=Path, metavar="KEY", help="sign the PDF with this PKCS#12 key (.p12, .pfx)"
    )
    signing.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="read the key's password from the first line of FILE (default: ask for it)",
    )


def add_roots(parser: argparse.ArgumentParser) -> None:
    """Add the option that names trusted certificates."""
    parser.add_argument(
        "--root",
        type=Path,
        action="append",
        default=[],
        metavar="CERTIFICATE",
        help="for a signed PDF: a certificate to trust (PEM or DER); may be given several times",
    )


def sign_report(options: argparse.Namespace, pdf: Path | None) -> None:
    """Sign the PDF that was written, where a key is named. Raises UsageError or OutputError."""
    if options.sign is None:
        return
    from geolocdesk.reporting.signing import sign_pdf

    if pdf is None:
        message = "--sign signs the PDF; say where to write it with --pdf FILE."
        raise UsageError(message)
    sign_pdf(pdf, pdf, options.sign, _password(options), reason="Photo geolocation report")
    say(f"{pdf} is signed.")


def check_report(options: argparse.Namespace, pdf: Path) -> int:
    """Say what each signature of a PDF proves and return the exit code: 1 where one does not hold or none is there."""
    from geolocdesk.reporting.signing import check_signatures

    checks = check_signatures(pdf, options.root)
    for check in checks:
        if options.json:
            write_json(
                {
                    "signer": check.signer,
                    "certificate_sha256": check.certificate_sha256,
                    "signed_at": check.signed_at,
                    "is_unchanged": check.is_unchanged,
                    "covers_file": check.covers_file,
                    "is_trusted": check.is_trusted,
                    "explanation": check.sentence,
                }
            )
        else:
            write_result(check.sentence)
    if not checks:
        say(f"{pdf} is not signed.")
    return EXIT_OK if checks and all(check.is_sound for check in checks) else EXIT_SOME_FAILED


def _password(options: argparse.Namespace) -> str:
    if options.password_file is None:
        if not sys.stdin.isatty():
            message = "The key's password is needed; name a file that holds it with --password-file FILE."
            raise UsageError(message)
        return getpass.getpass("Password of the key: ")
    try:
        lines = options.password_file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"The password file {options.password_file} cannot be read ({error}); name another."
        raise UsageError(message) from error
    return lines[0] if lines else ""
