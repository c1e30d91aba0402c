from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        try:
            irp.check(1, 2)
        except NtError as error:
            pass
        status = error.status
        irp.complete(0, Boost.NO)
