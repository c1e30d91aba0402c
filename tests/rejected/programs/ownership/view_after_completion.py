from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        bundle = irp.readable(1, 100)
        irp.complete(0, Boost.NO)
        reader = bundle.reader(Status.INVALID_USER_BUFFER)
