"""The cluster itself: the only owner of Dask, which is an extra and is imported only when a cluster is asked for."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from geolocdesk.errors import ClusterError, UsageError

if TYPE_CHECKING:
    from geolocdesk.reference.cluster.shard import ShardTask
    from geolocdesk.reference.cluster.worker import OpenExtractor

LOCAL = "local"

_LOCAL = re.compile(r"local(?::([1-9]\d{0,3}))?")
_ADDRESS = re.compile(r"(?:tls|tcp)://[^/\s]+:\d{1,5}")
_CONNECT_TIMEOUT_S = 30
_PATIENCE_S = 5.0
_SHARDS_A_THREAD = 2
"""Shards handed out ahead for each thread of the cluster, so that no worker waits for the next."""
_LEAST_SHARDS_AHEAD = 4
_KEPT = "What is finished is kept, and --resume goes on with it."


@dataclass(frozen=True, slots=True)
class Answer:
    """A shard that a worker has written."""

    task: "ShardTask"
    file_name: str


class _Future(Protocol):
    """Dask's own, as far as it is used here."""

    def result(self) -> object: ...
    def exception(self, timeout: float) -> BaseException | None: ...


class _Client(Protocol):
    """Dask's own, as far as it is used here."""

    def scheduler_info(self, n_workers: int) -> Mapping[str, Mapping[str, object]]: ...
    def nthreads(self) -> Mapping[str, int]: ...
    def submit(self, function: Callable[..., str], *arguments: object, key: str, pure: bool) -> _Future: ...
    def cancel(self, futures: Sequence[_Future], *, force: bool) -> None: ...


class Cluster:
    """Connected workers."""

    def __init__(self, client: _Client) -> None:
        self._client = client

    def worker_count(self) -> int:
        """Return how many workers there are at the moment."""
        return len(self._client.scheduler_info(n_workers=-1)["workers"])

    def describe(
        self,
        tasks: Iterator["ShardTask"],
        open_extractor: "OpenExtractor",
        waiting: Callable[[], None],
    ) -> Iterator[Answer]:
        """Have every task done and yield the answers in the order of the tasks.

        ``waiting`` is called every few seconds in which nothing happens; it may raise to give up. A task whose
        worker is lost is given to another. Raises ClusterError, and whatever a task raises.
        """
        pending: list[tuple[ShardTask, _Future]] = []
        try:
            exhausted = False
            while True:
                while not exhausted and len(pending) < self._ahead():
                    task = next(tasks, None)
                    exhausted = task is None
                    if task is not None:
                        pending.append((task, self._submit(task, open_extractor)))
                if not pending:
                    return
                task, future = pending[0]
                yield Answer(task, self._result(future, waiting))
                del pending[0]
        finally:
            if pending:
                self._client.cancel([future for _, future in pending], force=True)

    def _ahead(self) -> int:
        threads = sum(self._client.nthreads().values())
        return max(_LEAST_SHARDS_AHEAD, _SHARDS_A_THREAD * threads)

    def _submit(self, task: "ShardTask", open_extractor: "OpenExtractor") -> _Future:
        return self._client.submit(_describe_on_worker, task, open_extractor, key=task.key, pure=False)

    def _result(self, future: _Future, waiting: Callable[[], None]) -> str:
        from distributed import CancelledError
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker

        try:
            while not _is_done(future, _PATIENCE_S):
                waiting()
            return str(future.result())
        except KilledWorker as error:
            message = (
                "Several workers ended one after the other while they described the same photos, most likely for "
                f"want of memory; look at the workers' logs. {_KEPT}"
            )
            raise ClusterError(message) from error
        except (ImportError, AttributeError) as error:
            message = f"A worker cannot run geolocdesk ({error}); install the same version on every machine. {_KEPT}"
            raise ClusterError(message) from error
        except (CancelledError, CommClosedError) as error:
            message = f"The connection to the cluster was lost. {_KEPT}"
            raise ClusterError(message) from error


def _is_done(future: _Future, patience_s: float) -> bool:
    """Return whether a task is done or has failed, after waiting for that a while."""
    try:
        future.exception(timeout=patience_s)  # the task's own is returned and not raised
    except TimeoutError:
        return False
    return True


def check_address(address: str) -> None:
    """Raise UsageError where a text is no address of a cluster, or Dask is not installed."""
    if _LOCAL.fullmatch(address) or _ADDRESS.fullmatch(address):
        _require_dask()
        return
    message = (
        f"--cluster takes local, local:N for N workers, or the address of a Dask scheduler such as "
        f"tls://scheduler.example:8786, not {address!r}."
    )
    raise UsageError(message)


def is_unprotected(address: str) -> bool:
    """Return whether an address is one of another machine, reached without encryption or authentication."""
    if not address.startswith("tcp://"):
        return False
    host = urlsplit(address).hostname or ""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


@contextmanager
def open_cluster(address: str, cores: int) -> Iterator[Cluster]:
    """Give the workers at an address: those of a Dask scheduler, or new ones on this machine for the time being.

    New workers share ``cores`` among them; they and this process speak over TLS, with a certificate made for
    this one time, on the loopback interface only. Raises ClusterError, and UsageError where Dask is missing.
    """
    check_address(address)
    local = _LOCAL.fullmatch(address)
    with _quiet():
        if local is None:
            with _connected(address) as client:
                yield Cluster(client)
        else:
            workers = int(local[1] or max(1, cores))
            with _workers_here(workers, max(1, cores // workers)) as client:
                yield Cluster(client)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's account of its own doings, down to workers that take their time to end, from the user."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _require_dask() -> None:
    try:
        import cryptography
        import distributed
    except ImportError as error:
        message = f"--cluster needs an extra ({error.name} is missing): pip install geolocdesk[cluster]."
        raise UsageError(message) from error
    del cryptography, distributed


@contextmanager
def _connected(address: str) -> Iterator[_Client]:
    from distributed import Client, Security

    try:
        client = Client(address, security=Security(), timeout=_CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        message = f"There is no Dask scheduler to be reached at {address} ({error}); check the address and the certificates."
        raise ClusterError(message) from error
    with client:
        yield client


@contextmanager
def _workers_here(workers: int, threads: int) -> Iterator[_Client]:
    import dask.config
    from distributed import Client, LocalCluster

    quiet = {
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        "distributed.admin.tick.limit": "60s",
        "distributed.diagnostics.nvml": False,
    }
    with (
        dask.config.set(quiet),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=threads,
            processes=True,
            host="127.0.0.1",
            protocol="tls://",
            security=True,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _describe_on_worker(task: "ShardTask", open_extractor: "OpenExtractor") -> str:
    from distributed import get_worker

    from geolocdesk.reference.cluster.worker import describe_shard

    return describe_shard(task, open_extractor, threads=max(1, get_worker().state.nthreads))
