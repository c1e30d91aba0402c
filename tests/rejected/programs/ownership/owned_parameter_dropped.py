from pyndis.kernel import *


class Tun(Adapter):
    def finish(self, irp: Owned[Irp]) -> None:
        pass
