from pyndis.kernel import *


class Tun(Adapter):
    def keep(self, irp: Irp) -> None:
        with unsafe("test"):
            given(irp)
