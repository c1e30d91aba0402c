from pyndis.kernel import *


@struct
class Head:
    size: u32


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        bundle = irp.readable(1, 100)
        reader = bundle.reader(Status.INVALID_USER_BUFFER)
        while reader.left > 0:
            head = reader.load(Head)
        irp.complete(0, Boost.NO)
