from pyndis.kernel import *
from pyndis.kernel import raw


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        with unsafe("test"):
            raw.NdisMSleep(1000, 3)
