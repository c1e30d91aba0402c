from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue[Irp]()

    def first(self) -> None:
        irp = self.reads.pop()
        if irp is None:
            return
        irp.check(1, 2)
        irp.complete(0, Boost.NO)
