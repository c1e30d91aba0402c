from pyndis.kernel import *
from pyndis.kernel import raw


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        raw.NdisMSleep(1000)
