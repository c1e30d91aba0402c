from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        raw.NdisMSleep(1000)
