"""The map page's only way to bytes: our own address scheme, and a guard that refuses every other address.

The scheme itself must be known before the application object is made: ``url_scheme.register_scheme``.
"""

from PySide6.QtCore import QBuffer, QByteArray, QFile, QIODevice, QObject, Signal
from PySide6.QtWebEngineCore import (
    QWebEngineProfile,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
    QWebEngineUrlRequestJob,
    QWebEngineUrlSchemeHandler,
)

from geolocdesk.cartography.site import SCHEME, MapSite, Resource
from geolocdesk.errors import MapError

_ALLOWED_SCHEMES = frozenset({SCHEME, "data"})
"""``data:`` addresses carry their own content and reach nothing; Leaflet's blank picture is one."""

_ATTRIBUTES_OFF = (
    QWebEngineSettings.WebAttribute.LocalStorageEnabled,
    QWebEngineSettings.WebAttribute.JavascriptCanOpenWindows,
    QWebEngineSettings.WebAttribute.JavascriptCanAccessClipboard,
    QWebEngineSettings.WebAttribute.LocalContentCanAccessRemoteUrls,
    QWebEngineSettings.WebAttribute.LocalContentCanAccessFileUrls,
    QWebEngineSettings.WebAttribute.HyperlinkAuditingEnabled,
    QWebEngineSettings.WebAttribute.PluginsEnabled,
    QWebEngineSettings.WebAttribute.PdfViewerEnabled,
    QWebEngineSettings.WebAttribute.DnsPrefetchEnabled,
    QWebEngineSettings.WebAttribute.ErrorPageEnabled,
    QWebEngineSettings.WebAttribute.NavigateOnDropEnabled,
)


def channel_script() -> Resource:
    """Return Qt's own script for the page's end of the bridge. Raises FileNotFoundError without QtWebChannel."""
    import PySide6.QtWebChannel  # noqa: F401 - brings the file into Qt's resources

    file = QFile(":/qtwebchannel/qwebchannel.js")
    if not file.open(QIODevice.OpenModeFlag.ReadOnly):
        message = "the installation is incomplete: Qt WebChannel's script is missing"
        raise FileNotFoundError(message)
    content = bytes(file.readAll().data())
    file.close()
    return Resource("text/javascript", content)


_NOTHING = Resource("application/octet-stream", b"")


class SiteHandler(QWebEngineUrlSchemeHandler):
    """Answers the page's requests from a site."""

    tile_failed = Signal(str)
    """A tile of the user's own file could not be read: a sentence to show."""

    def __init__(self, site: MapSite, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._site = site

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:
        """Answer one request."""
        if job.requestMethod() != b"GET":
            job.fail(QWebEngineUrlRequestJob.Error.RequestDenied)
            return
        try:
            found = self._site.respond(job.requestUrl().path())
        except MapError as error:
            self.tile_failed.emit(error.message)
            found = _NOTHING  # an empty tile: one bad tile leaves a gap, not an error in the page
        if found is None:
            job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)
            return
        buffer = QBuffer(job)
        buffer.setData(QByteArray(found.content))
        job.reply(found.media_type.encode(), buffer)


class AddressGuard(QWebEngineUrlRequestInterceptor):
    """Refuses every request for an address that is not ours, and counts them."""

    refused = Signal(str)
    """The scheme and host that were asked for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._count = 0

    @property
    def refused_requests(self) -> int:
        """Return how many requests were refused."""
        return self._count

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
        """Let our own addresses pass, and nothing else."""
        url = info.requestUrl()
        if url.scheme() in _ALLOWED_SCHEMES:
            return
        info.block(True)
        self._count += 1
        self.refused.emit(f"{url.scheme()}://{url.host()}")


def private_profile(handler: SiteHandler, guard: AddressGuard, parent: QObject) -> QWebEngineProfile:
    """Return a profile that keeps nothing on disk and reaches nothing but the site."""
    profile = QWebEngineProfile(parent)
    profile.setHttpCacheType(QWebEngineProfile.HttpCacheType.NoCache)
    profile.setPersistentCookiesPolicy(QWebEngineProfile.PersistentCookiesPolicy.NoPersistentCookies)
    profile.setSpellCheckEnabled(False)
    profile.setUrlRequestInterceptor(guard)
    profile.installUrlSchemeHandler(SCHEME.encode(), handler)
    for attribute in _ATTRIBUTES_OFF:
        profile.settings().setAttribute(attribute, False)
    return profile
