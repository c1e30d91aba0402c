from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue[Irp]()

    @on.halt
    def halt(self) -> None:
        irp = self.reads.pop()
        irp.fail(Status.CANCELLED)
