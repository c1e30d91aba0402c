"""A driver's Python, run by CPython on plain objects: one adapter's kernel, in one thread."""

from __future__ import annotations

import sys
from typing import Any

from pyndis.kernel.adapter import Adapter
from pyndis.model.adapter import ModelAdapter
from pyndis.model.faults import ModelFault
from pyndis.model.hooks import options_of
from pyndis.model.kernel import Kernel
from pyndis.model.playing import Playing


class Model:
    """`with Model() as model:`. What the kernel's library does is the library's own code; only raw calls are played.

    Options are those of driver.toml: `Model(receive="copy")`.
    """

    def __init__(self, **options: str) -> None:
        self._options = options
        self.kernel = Kernel()
        self._playing: Playing | None = None

    def __enter__(self) -> Model:
        self._playing = Playing(self.kernel)
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._playing is not None
        self._playing.stop()

    @property
    def now(self) -> int:
        """Milliseconds since the model began."""
        return self.kernel.now

    def advance(self, seconds: float) -> None:
        """Let time pass: timers fire."""
        self.kernel.advance(round(seconds * 1000))

    def add_adapter(self, cls: type[Adapter]) -> ModelAdapter:
        """An adapter of the driver's class: initialized and restarted."""
        playing = self._playing
        assert playing is not None, "a model plays inside its `with` only"
        package = cls.__module__.rpartition(".")[0]
        for name, module in list(sys.modules.items()):
            if name == cls.__module__ or (package and name.startswith(f"{package}.")):
                playing.fields_of(module)
        self._choose(playing, cls)
        return ModelAdapter(cls, self.kernel)

    def _choose(self, playing: Playing, cls: type[Adapter]) -> None:
        """The constants that driver.toml chooses."""
        constants = options_of(cls)
        module: Any = sys.modules[cls.__module__]
        for name, value in self._options.items():
            if name not in constants:
                raise ModelFault(f"{cls.__module__} has no option {name}, only {sorted(constants)}")
            playing.change(module, constants[name], value)
