from pyndis.kernel import *


class Tun(Adapter):
    @on.send
    def send(self, chain: Chain[Nbl]) -> None:
        pass
