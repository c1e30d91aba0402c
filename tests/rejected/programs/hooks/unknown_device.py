from pyndis.kernel import *


class Tun(Adapter):
    @device.ioctl
    def ioctl(self, irp: Owned[Irp]) -> None:
        irp.complete(0, Boost.NO)
