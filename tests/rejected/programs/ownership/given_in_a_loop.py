from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        for number in range(3):
            irp.complete(0, Boost.NO)
