"""Signing a PDF report with an examiner's PKCS#12 key, and checking such a signature.

Needs the optional dependencies of ``geolocdesk[signing]``. Nothing here uses the network: certificates are
checked against the roots one names, and no time stamp is fetched.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from geolocdesk.errors import UsageError
from geolocdesk.whole_file import whole_file

FIELD_NAME = "geolocdesk"


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """What a signature in a PDF proves."""

    signer: str
    """The certificate's subject, as it names itself."""
    certificate_sha256: str
    signed_at: str
    """As the signer's computer claimed, ISO 8601; ``not available`` where it claims nothing."""
    is_unchanged: bool
    """The signed bytes are the ones that were signed, by this certificate's key."""
    covers_file: bool
    """Nothing was added to the file after it was signed."""
    is_trusted: bool
    """The certificate leads to one of the roots that were given."""

    @property
    def is_sound(self) -> bool:
        """Return whether the whole file is what was signed; trusting the signer is another question."""
        return self.is_unchanged and self.covers_file

    @property
    def sentence(self) -> str:
        """Return the finding for a reader."""
        if not self.is_unchanged:
            return f"The file is not what {self.signer} signed: it was altered."
        if not self.covers_file:
            return f"{self.signer} signed an earlier state of the file; something was added since."
        trust = "" if self.is_trusted else " The certificate is not backed by a root you named."
        return f"Unchanged since {self.signer} signed it ({self.signed_at}).{trust}"


def sign_pdf(source: Path, destination: Path, key: Path, password: str, *, reason: str) -> None:
    """Write a signed copy of a PDF; ``destination`` may be ``source``.

    The signature forbids any later change. Raises UsageError for a key or PDF that cannot be used, OutputError
    where the copy cannot be written.
    """
    signers = _pyhanko("pyhanko.sign.signers")
    fields = _pyhanko("pyhanko.sign.fields")
    writers = _pyhanko("pyhanko.pdf_utils.incremental_writer")
    misc = _pyhanko("pyhanko.pdf_utils.misc")
    signer = _load_key(signers, key, password)
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD_NAME,
        md_algorithm="sha256",
        reason=reason,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    try:
        content = source.read_bytes()
    except OSError as error:
        message = f"{source} cannot be read ({error.strerror}). Name the PDF report to sign."
        raise UsageError(message) from error
    with whole_file(destination) as partial, partial.open("r+b") as output:
        try:
            writer = writers.IncrementalPdfFileWriter(io.BytesIO(content))
            signers.sign_pdf(writer, metadata, signer=signer, output=output)
        except misc.PdfError as error:
            message = f"{source} cannot be signed ({error}). Sign an unsigned PDF report of this program."
            raise UsageError(message) from error


def check_signatures(pdf: Path, roots: Sequence[Path] = ()) -> tuple[SignatureCheck, ...]:
    """Return what each signature in a PDF proves; none where it is not signed.

    ``roots`` are certificates (PEM or DER) that are trusted. Raises UsageError for files that cannot be read.
    """
    readers = _pyhanko("pyhanko.pdf_utils.reader")
    misc = _pyhanko("pyhanko.pdf_utils.misc")
    try:
        reader = readers.PdfFileReader(io.BytesIO(pdf.read_bytes()))
        signatures = list(reader.embedded_signatures)
    except (OSError, misc.PdfError) as error:
        message = f"{pdf} cannot be read as a PDF ({error}). Name a PDF report."
        raise UsageError(message) from error
    trusted = _load_roots(roots)
    return tuple(_check(signature, trusted) for signature in signatures)


def _check(signature: Any, roots: list[Any]) -> SignatureCheck:  # noqa: ANN401 - pyHanko has no types
    validation = _pyhanko("pyhanko.sign.validation")
    certificates = _pyhanko("pyhanko_certvalidator")
    context = certificates.ValidationContext(trust_roots=roots, allow_fetching=False)
    status = validation.validate_pdf_signature(signature, context)
    levels = validation.SignatureCoverageLevel
    signed_at = status.signer_reported_dt
    return SignatureCheck(
        signer=str(status.signing_cert.subject.human_friendly),
        certificate_sha256=str(status.signing_cert.sha256.hex()),
        signed_at="not available" if signed_at is None else str(signed_at.isoformat()),
        is_unchanged=bool(status.intact and status.valid),
        covers_file=bool(status.coverage == levels.ENTIRE_FILE),
        is_trusted=bool(status.trusted),
    )


def _load_key(signers: Any, key: Path, password: str) -> Any:  # noqa: ANN401
    cannot = f"The key {key} cannot be used"
    if not key.is_file():
        message = f"{cannot}: there is no such file. Name a PKCS#12 file (.p12 or .pfx)."
        raise UsageError(message)
    signer = signers.SimpleSigner.load_pkcs12(str(key), passphrase=password.encode("utf-8"))
    if signer is None:
        message = f"{cannot}: the password is wrong, or it is not a PKCS#12 file with a private key."
        raise UsageError(message)
    return signer


def _load_roots(roots: Sequence[Path]) -> list[Any]:
    keys = _pyhanko("pyhanko.keys")
    found = []
    for root in roots:
        try:
            found.append(keys.load_cert_from_pemder(str(root)))
        except (OSError, ValueError) as error:
            message = f"The certificate {root} cannot be read ({error}). Name a PEM or DER file."
            raise UsageError(message) from error
    return found


def _pyhanko(module: str) -> Any:  # noqa: ANN401
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        message = "Signing needs more than is installed. Install it with: pip install “geolocdesk[signing]”."
        raise UsageError(message) from error
