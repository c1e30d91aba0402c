from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue[Irp]()

    def look(self, irp: Irp | None) -> None:
        pass

    @on.halt
    def halt(self) -> None:
        self.look(self.reads.pop())
