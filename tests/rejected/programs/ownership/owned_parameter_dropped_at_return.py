from pyndis.kernel import *


class Tun(Adapter):
    def finish(self, irp: Owned[Irp], now: bool) -> None:
        if not now:
            return
        irp.complete(0, Boost.NO)
