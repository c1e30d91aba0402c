from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        if self.tokens.read() > 3:
            return
        irp.complete(0, Boost.NO)
