from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue[Irp]()

    @on.halt
    def halt(self) -> None:
        self.reads.pop()
