from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        if self.tokens.read() > 3:
            irp.fail(Status.CANCELLED)
        else:
            irp.complete(0, Boost.NO)
        irp.complete(0, Boost.NO)
