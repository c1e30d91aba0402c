from pyndis.kernel import *


class Tun(Adapter):
    lent = Budget(1000)

    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        bundle = irp.readable(1, 100)
        irp.pend(bundle.size, self.lent)
