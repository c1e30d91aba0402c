from pyndis.kernel import *
from pyndis.kernel import raw


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        with unsafe("test"):
            state = raw.NDIS_LINK_STATE()
            state.Colour = 3
