from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        irp.complete(0, Boost.NO)
        if self.tokens.read() > 3:
            raise NtError(Status.CANCELLED)
