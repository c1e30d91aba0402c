from pyndis.kernel import *


class Tun(Adapter):
    kept: Owned[Irp] | None

    @on.halt
    def halt(self) -> None:
        kept = self.kept
        if kept is not None:
            kept.complete(0, Boost.NO)
