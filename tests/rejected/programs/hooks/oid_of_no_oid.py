from pyndis.kernel import *


class Tun(Adapter):
    @oid.set(3)
    def accept(self) -> None:
        pass
