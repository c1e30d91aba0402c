from pyndis.kernel import *


class Tun(Adapter):
    @device.write
    def write(self, irp: Owned[Irp]) -> None:
        with self.completing() as done:
            kept = irp
