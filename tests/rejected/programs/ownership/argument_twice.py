from pyndis.kernel import *


class Tun(Adapter):
    def both(self, one: Owned[Irp], two: Owned[Irp]) -> None:
        one.complete(0, Boost.NO)
        two.complete(0, Boost.NO)

    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        self.both(irp, irp)
