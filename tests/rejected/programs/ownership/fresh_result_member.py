from pyndis.kernel import *


class Tun(Adapter):
    lent = Budget(1000)

    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        size = irp.pend(3, self.lent).view.size
