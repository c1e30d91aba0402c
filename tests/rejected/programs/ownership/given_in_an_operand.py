from pyndis.kernel import *


class Tun(Adapter):
    def finish(self, irp: Owned[Irp]) -> bool:
        irp.complete(0, Boost.NO)
        return True

    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        done = self.tokens.read() > 3 and self.finish(irp)
