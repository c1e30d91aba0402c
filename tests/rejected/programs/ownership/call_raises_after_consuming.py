from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue[Irp]()

    def finish(self, irp: Owned[Irp], other: Owned[Irp]) -> None:
        irp.complete(0, Boost.NO)
        self.reads.push(other)
