"""Shares and containers that fall out of scope: CPython's own counting is the language's rule."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pyndis.kernel import raw
from pyndis.kernel.containers import Chain
from pyndis.kernel.nbl import PoolNbl
from pyndis.kernel.sharing import Share
from pyndis.model.faults import ModelFault


class Held:
    """A local that holds a share. It is dropped with the local, unless it was stored where it is owned."""

    def __init__(self, share: Share[Any]) -> None:
        self._share: Share[Any] | None = share

    def share(self) -> Held:
        """One more, split off."""
        assert self._share is not None
        return Held(_single(self._share.split()))

    def stored(self) -> Any:
        """The object, with a share of weight 1 that whoever stores it owns from here on."""
        share, self._share = self._share, None
        assert share is not None
        if share.weight > 1:
            share.weight -= 1
            share.drop()
        return share.object

    def __getattr__(self, name: str) -> Any:
        share = self.__dict__["_share"]
        assert share is not None
        return getattr(share.object, name)

    def __del__(self) -> None:
        share, self._share = self._share, None
        if share is not None and raw.played("shared") is not None:
            with suppress(ModelFault):  # the kernel remembers it, and CPython would only print it
                share.drop()


def _single(item: Any) -> Share[Any]:
    share: Share[Any] = Share.__new__(Share)
    share.object, share.weight = item, 1
    return share


def first_share(item: Any) -> Held:
    """`shared(item)`."""
    return Held(Share(item))


class SharedField:
    """A field that owns a share."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else instance.__dict__.get(self.name)

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = value.stored() if isinstance(value, Held) else value


def release_members(chain: Chain[Any]) -> None:
    """What a chain of our own NBLs does when nobody took them: it frees them, and drops their shares."""
    if isinstance(chain.__dict__.get("first"), PoolNbl):
        PoolNbl.release_chain(chain)


def chain_dropped(chain: Chain[Any]) -> None:
    """`__del__` of a chain, while a model plays."""
    with suppress(ModelFault):
        release_members(chain)
