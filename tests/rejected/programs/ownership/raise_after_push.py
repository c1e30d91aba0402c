from pyndis.kernel import *


class Tun(Adapter):
    reads = IrpQueue[Irp]()

    def more(self) -> None:
        if self.tokens.read() > 3:
            raise NtError(Status.CANCELLED)

    @device.read
    def read(self, irp: Owned[Irp]) -> None:
        self.reads.push(irp)
        self.more()
