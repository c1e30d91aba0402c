from pyndis.kernel import *


class Tun(Adapter):
    lent = Budget(1000)

    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        bundle = irp.readable(1, 100)
        writer = irp.pend(bundle.size, self.lent)
        self.receive(writer)
        reader = bundle.reader(Status.INVALID_USER_BUFFER)

    def receive(self, source: Shared[Lender]) -> None:
        pass
