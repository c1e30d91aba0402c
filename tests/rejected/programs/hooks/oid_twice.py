from pyndis.kernel import *


class Tun(Adapter):
    @oid.set(Oid.GEN_LINK_PARAMETERS)
    def accept(self) -> None:
        pass

    @oid.set(Oid.GEN_LINK_PARAMETERS)
    def accept_too(self) -> None:
        pass
