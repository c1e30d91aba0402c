from pyndis.kernel import *


class Read(Irp):
    one: u64
    two: u64
    three: u64
    four: u64


class Tun(Adapter):
    @device.read
    def read(self, irp: Owned[Read]) -> None:
        irp.one = 3
        irp.complete(0, Boost.NO)
