"""Workers run what the session runs: dask, ipyparallel, process pools, anything that broadcasts.

`attach` puts a client's workers behind a `Reloader`. After each reload there, `broadcast` compares
what is loaded with what the workers were sent last, and sends the difference as plain values
(`protocol`): each module's name, origin, source bytes, digest and the digest that it replaces. On
the worker, `receiver` applies them as one reload by the same engine, from the bytes that were sent
(`sent`, `shown`), so that it needs no common disk, and says of each module what became of it:
applied, already there, not loaded, failed and rolled back, or that it has another version, after
which all that it lacks follows. Transports (`dask`, `ipyparallel`) carry one function's calls and
nothing else; the libraries are imported when one of their clients is attached. The workers of
process pools cannot be addressed: `pools` retires them, and new ones start on the new code.

Sources that are sent are code that is run. They travel over the cluster's own channel only, to
workers that run already what this client sends them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .attachment import Attachment, Said, Transport
from .broadcast import Broadcast
from .errors import WorkersError
from .plain import Plain
from .pools import Pool, kind_of_pool
from .receiver import receive
from .state import WorkerState

if TYPE_CHECKING:
    from reloadmagic.reloader import Reloader

__all__ = [
    "Attachment",
    "Said",
    "Transport",
    "WorkerState",
    "WorkersError",
    "attach",
    "kind_of",
    "receive",
]


def attach(reloader: Reloader, client: Any, name: str = "") -> Attachment:
    """Put the workers of *client* behind *reloader* and bring them to what is loaded.

    Raises:
        WorkersError: *client* has no workers that are known how to reach, or one of them has no
            reloadmagic.
    """
    kind = kind_of(client)
    if kind == "dask":
        from .dask import Dask

        return _broadcast(reloader, client, name, Dask(client))
    if kind == "ipyparallel":
        from .ipyparallel import IPyParallel

        return _broadcast(reloader, client, name, IPyParallel(client))
    if kind:
        return Pool(reloader, client, name or kind)
    if callable(client):
        return _broadcast(reloader, client, name, Plain(client))
    raise WorkersError(
        f"{type(client).__name__} has no workers that could be reached. Attach a dask or an "
        "ipyparallel client, a ProcessPoolExecutor, an executor of loky's, joblib, or a callable "
        "broadcast(function, payload) that returns replies by worker."
    )


def kind_of(client: Any) -> str:
    """What workers *client* stands for: ``dask``, ``ipyparallel``, ``pool``, ``loky``, or none."""
    for cls in type(client).__mro__:
        top = str(cls.__module__).partition(".")[0]  # anything may stand there
        if (top, cls.__name__) in _CLIENTS:
            return _CLIENTS[top, cls.__name__]
    return kind_of_pool(client)


_CLIENTS = {
    ("distributed", "Client"): "dask",
    ("ipyparallel", "Client"): "ipyparallel",
    ("ipyparallel", "DirectView"): "ipyparallel",
}


def _broadcast(reloader: Reloader, client: Any, name: str, transport: Transport) -> Broadcast:
    attachment = Broadcast(reloader, client, name, transport)
    attachment.start()
    return attachment
