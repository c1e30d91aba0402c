from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue[Irp]()

    @device.read
    def read(self, irp: Owned[Irp]) -> None:
        self.reads.push(irp)
        irp.check(1, 2)
