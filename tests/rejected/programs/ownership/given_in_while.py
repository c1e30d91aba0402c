from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        while self.tokens.read() > 3:
            irp.complete(0, Boost.NO)
