"""The address scheme of the map page, made known to the web engine before the application object exists.

Apart from the rest of the map, so that the first window is painted before any of that is loaded.
"""

from PySide6.QtWebEngineCore import QWebEngineUrlScheme

SCHEME = "geolocdesk"


def register_scheme() -> None:
    """Make the scheme known to the web engine. Call it once, before the application object is made."""
    if not QWebEngineUrlScheme.schemeByName(SCHEME.encode()).name().isEmpty():
        return
    scheme = QWebEngineUrlScheme(SCHEME.encode())
    scheme.setSyntax(QWebEngineUrlScheme.Syntax.Host)
    scheme.setFlags(
        QWebEngineUrlScheme.Flag.SecureScheme
        | QWebEngineUrlScheme.Flag.CorsEnabled
        | QWebEngineUrlScheme.Flag.FetchApiAllowed
    )
    QWebEngineUrlScheme.registerScheme(scheme)
