from pyndis.kernel import *


class Tun(Adapter):
    def send(self, chain: Owned[Chain[Nbl]]) -> None:
        given(chain)
    # @on.send is missing
