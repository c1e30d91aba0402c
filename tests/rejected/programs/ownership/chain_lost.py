from pyndis.kernel import *


class Tun(Adapter):
    @on.send
    def send(self, chain: Owned[Chain[Nbl]]) -> None:
        pass
