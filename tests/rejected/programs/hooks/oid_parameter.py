from pyndis.kernel import *


class Tun(Adapter):
    @oid.set(Oid.GEN_LINK_PARAMETERS)
    def accept(self, value: u8) -> None:
        pass
