"""Does pieces of work one after the other here, or on the workers of a dask.distributed cluster.

dask schedules the work, does it again when it fails or its worker dies, and sends functions,
arguments and results. Each piece runs in an interpreter started for it by the worker
(``isolation.py``), as a round of a laboratory does here: in a main thread, which guests' signals
need, and so that a guest that crashes takes no worker with it.
"""

import contextlib
import pickle
from collections.abc import Callable, Generator, Iterator, Sequence
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from dbt.experiments.harness.host_facts import processor
from dbt.experiments.harness.isolation import Died, in_fresh_interpreter
from dbt.progress import Progress
from dbt.stops import UsageError

if TYPE_CHECKING:
    from distributed import Client

Result = TypeVar("Result")
LOCAL = "local:"
CONNECT_SECONDS = 10
RETRIES = 2
"""How often a piece of work is done again that has failed."""


@attrs.frozen
class Ran:
    """What a piece of work gave, or the words of its failure; and the processor it ran on."""

    value: Any = None
    error: str | None = None
    processor: str = ""


class Cluster:
    """The workers of a scheduler. ``where`` is its address, ``local:N`` for N workers on this
    machine that are started now, or a client of dask. Raises UsageError."""

    def __init__(self, where: "str | Client", retries: int = RETRIES) -> None:
        self.where = where if isinstance(where, str) else "client"
        self._retries = retries
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self._client = _client(where, stack)
            self._closing = stack.pop_all()
        self.processors: set[str] = set()
        """Those that have done something."""

    def close(self) -> None:
        """Leave the cluster; end the workers that were started for it."""
        self._closing.close()

    def each(self, works: Sequence[Callable[[], Any]]) -> Generator[tuple[int, Ran], None, None]:
        """Do all pieces of work; yields the number and the result of each as it is done. What is
        not done when the caller stops asking is cancelled."""
        from distributed import as_completed

        futures = {
            self._client.submit(_apart, _packed(work), retries=self._retries, pure=False): number
            for number, work in enumerate(works)
        }
        try:
            for future in as_completed(list(futures)):
                error = future.exception()
                ran = Ran(error=_words(error)) if error is not None else Ran(*future.result())
                self.processors.add(ran.processor)
                yield futures[future], ran
        finally:
            self.processors.discard("")
            self._client.cancel(list(futures))


def _client(where: "str | Client", stack: contextlib.ExitStack) -> "Client":
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise UsageError("a cluster needs dask: pip install 'armdbt[cluster]'") from None
    if isinstance(where, Client):
        return where
    address: Any = where
    if where.startswith(LOCAL):
        number = where.removeprefix(LOCAL)
        if not number.isdecimal() or not int(number):
            raise UsageError(f"a cluster is ADDRESS or local:N, N workers, not {where!r}")
        address = stack.enter_context(
            LocalCluster(
                n_workers=int(number),
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=50,  # else it tells of workers that end
            )
        )
    try:
        return stack.enter_context(Client(address, timeout=CONNECT_SECONDS))
    except (OSError, ValueError) as error:
        raise UsageError(f"no scheduler of dask answers at {where}: {error}") from None


def _words(error: BaseException) -> str:
    """What has gone wrong, as the end of a sentence."""
    if isinstance(error, Died):
        return str(error)
    return f"fails: {type(error).__name__}: {error}"


def _packed(work: Callable[[], Any]) -> bytes:
    """Work as bytes that ``pickle`` can load, also functions of a script."""
    try:
        import cloudpickle
    except ImportError:
        if getattr(getattr(work, "func", work), "__module__", "") == "__main__":
            raise UsageError(
                "a function of a script is sent by cloudpickle: pip install 'armdbt[cluster]'"
            ) from None
        return pickle.dumps(work)
    packed: bytes = cloudpickle.dumps(work)
    return packed


def _apart(payload: bytes) -> tuple[Any, None, str]:
    """Runs in a worker: do the work in another interpreter."""
    value, processor = in_fresh_interpreter(partial(_unpacked, payload))
    return value, None, processor


def _unpacked(payload: bytes) -> tuple[Any, str]:
    return pickle.loads(payload)(), processor()["cpu_model"]


def alone(work: Callable[[], Any]) -> Ran:
    """Do work here, in an interpreter started for it, as a worker would."""
    try:
        return Ran(*_apart(_packed(work)))
    except Died as death:
        return Ran(error=str(death))


_CURRENT: ContextVar[Cluster | None] = ContextVar("cluster", default=None)


@contextlib.contextmanager
def on(where: "str | Client | None") -> Iterator[Cluster | None]:
    """A context in which ``each`` uses a cluster, or none. Raises UsageError."""
    if where is None:
        yield None
        return
    with contextlib.closing(Cluster(where)) as cluster:
        token = _CURRENT.set(cluster)
        try:
            yield cluster
        finally:
            _CURRENT.reset(token)


def current() -> Cluster | None:
    """The cluster that ``each`` uses now."""
    return _CURRENT.get()


def each(
    works: Sequence[Callable[[], Result]],
    title: str,
    place: Callable[[Callable[[], Result]], Result],
) -> Generator[tuple[int, Result], None, None]:
    """Do all pieces of work; yields the number and the result of each as it is done: in order, each
    called by ``place``, unless there is a cluster. Work and results must be picklable there. Raises
    Died when one gives no result."""
    cluster = current()
    if cluster is None:
        for number, work in enumerate(works):
            yield number, place(work)
        return
    with Progress(title, len(works)) as progress, contextlib.closing(cluster.each(works)) as done:
        for number, ran in done:
            if ran.error is not None:
                raise Died(ran.error)
            progress.advance()
            yield number, ran.value


def facts() -> dict[str, Any]:
    """What a result says of the cluster it was made on; nothing when there was none. Figures of
    several processors are not to be compared with each other."""
    cluster = current()
    if cluster is None:
        return {}
    return {"cluster": {"where": cluster.where, "processors": sorted(cluster.processors)}}
