from pyndis.kernel import *
from pyndis.kernel import raw


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        value = raw.NDIS_DEFAULT_PORT_NUMBER
