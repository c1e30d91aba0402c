from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue[Irp]()

    def all(self) -> Iterator[Owned[Irp]]:
        while True:
            irp = self.reads.pop()
            if irp is None:
                return
            yield irp

    @on.halt
    def halt(self) -> None:
        for irp in self.all():
            irp.check(1, 2)
