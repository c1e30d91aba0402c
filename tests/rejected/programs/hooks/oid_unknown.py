from pyndis.kernel import *


class Tun(Adapter):
    @oid.set(Oid.GEN_NOTHING)
    def accept(self) -> None:
        pass
