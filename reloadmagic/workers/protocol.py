"""What goes over the wire: messages with sources, replies with states.

Both are frozen values here and plain dicts, strings, integers and bytes on the way, so that nothing
of ours is pickled and each side can tell a version that it does not speak. A source is known by
the digest of its bytes: a message that comes twice, late or out of order does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from .errors import WorkersError

__all__ = ["PROTOCOL", "Message", "ModuleReply", "ModuleSource", "Reply", "Status"]

PROTOCOL = 1
"""Raised when an older side would misread a message."""

Status = Literal["applied", "already there", "not loaded", "needs sources", "failed"]


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """A module as the sender runs it.

    Attributes:
        name: absolute.
        origin: its file at the sender's, which the receiver need not have.
        package: it has a ``__path__``.
        digest: of the source's bytes, in hexadecimal.
        source: the bytes; None where the message only asks what the receiver has.
        replaces: digest of the version before, ``""`` if there is none.
    """

    name: str
    origin: str
    package: bool
    digest: str
    source: bytes | None = None
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What a client tells its workers.

    Attributes:
        modules: in the order in which an import would start them.
        full: sources are applied whatever version they replace.
        state: what tells the versions of all the client's modules, these included, from others.
        since: the state that this message leads on from; somebody in another state lacks more
            than it brings.
        include, exclude, keep: the sender's settings, see `Reloader`.
        forget: the sender lets go: later imports are to take the worker's own files.
    """

    modules: tuple[ModuleSource, ...] = ()
    full: bool = False
    state: str = ""
    since: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    forget: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The message as plain values."""
        return _as_dict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The message that *values* are.

        Raises:
            WorkersError: the sender speaks another version of the protocol.
        """
        _check(values)
        modules = tuple(ModuleSource(**module) for module in values["modules"])
        known: dict[str, Any] = {f.name: values[f.name] for f in fields(cls)}
        for name in ("include", "exclude", "keep"):
            known[name] = tuple(known[name])
        return cls(**{**known, "modules": modules})


@dataclass(frozen=True, slots=True)
class ModuleReply:
    """What became of a module at a worker.

    Attributes:
        status: ``applied``; ``already there``, it ran that version before; ``not loaded``, it will
            run that version once it is imported; ``needs sources``, it has another version, and
            nothing was done; ``failed``, it keeps the version that it ran.
        digest: of the version that it runs now, or would import; ``""`` if unknown or none.
        error: for a failure, its place and reason in a line.
        traceback: for a failure, the user's own frames as text.
    """

    name: str
    status: Status
    digest: str = ""
    error: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a worker answers.

    Attributes:
        modules: those of the message; after them dependents of theirs that failed, which keep
            what they had.
        seconds: that it took to apply what was sent.
        behind: nothing was done, as it lacks more than was sent.
    """

    modules: tuple[ModuleReply, ...] = ()
    seconds: float = 0.0
    behind: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The reply as plain values."""
        return _as_dict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The reply that *values* are.

        Raises:
            WorkersError: the worker speaks another version of the protocol.
        """
        _check(values)
        modules = tuple(ModuleReply(**module) for module in values["modules"])
        return cls(modules, values["seconds"], values["behind"])


def _as_dict(value: Message | Reply) -> dict[str, Any]:
    values = asdict(value)
    plain = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
    return {"protocol": PROTOCOL, **plain}


def _check(values: Mapping[str, Any]) -> None:
    spoken = values.get("protocol")
    if spoken != PROTOCOL:
        raise WorkersError(
            f"The other side speaks version {spoken} of the protocol, this one {PROTOCOL}: "
            "install the same version of reloadmagic on the client and on its workers."
        )
