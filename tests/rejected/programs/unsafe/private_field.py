from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        irp._status = Status.SUCCESS
        irp.complete(0, Boost.NO)
