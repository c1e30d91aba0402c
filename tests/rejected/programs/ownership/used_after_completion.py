from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        irp.complete(0, Boost.NO)
        irp.check(1, 2)
