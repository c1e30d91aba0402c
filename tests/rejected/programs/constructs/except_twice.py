from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        try:
            irp.check(1, 2)
        except NtError:
            pass
        except NtError:
            pass
        irp.complete(0, Boost.NO)
