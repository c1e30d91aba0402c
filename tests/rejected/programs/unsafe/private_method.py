from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        irp._give_back(Boost.NO)
