from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue[Irp]()

    def all(self) -> Iterator[u32]:
        irp = self.reads.pop()
        yield 3
        if irp is not None:
            irp.fail(Status.CANCELLED)

    @on.halt
    def halt(self) -> None:
        for number in self.all():
            break
