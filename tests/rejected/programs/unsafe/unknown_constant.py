from pyndis.kernel import *
from pyndis.kernel import raw


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        with unsafe("test"):
            value = raw.NDIS_NOTHING_OF_THE_KIND
