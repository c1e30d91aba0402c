from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        super().stop(1, NdisStatus.PAUSED)
