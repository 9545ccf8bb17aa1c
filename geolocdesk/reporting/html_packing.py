"""Data packed into the HTML report as text that no parser can mistake for markup."""

import base64
import zlib


def packed(content: bytes) -> str:
    """Return bytes deflated (RFC 1950) and in base64, as ``unpacked`` in ``report_map.js`` reads them."""
    return base64.b64encode(zlib.compress(content)).decode("ascii")
