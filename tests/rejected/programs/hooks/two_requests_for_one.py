from pyndis.kernel import *


class Tun(Adapter):
    @device.read
    def read(self, irp: Owned[Irp]) -> None:
        irp.complete(0, Boost.NO)

    @device.read
    def read_too(self, irp: Owned[Irp]) -> None:
        irp.complete(0, Boost.NO)
