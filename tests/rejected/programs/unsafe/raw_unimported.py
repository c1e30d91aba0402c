from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        with unsafe("test"):
            raw.NdisMSleep(1000)
