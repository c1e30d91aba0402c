from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        bundle = irp.readable(1, 100)
        reader = bundle.reader(Status.INVALID_USER_BUFFER)
        state = reader.load(u32)
        irp.complete(0, Boost.NO)
