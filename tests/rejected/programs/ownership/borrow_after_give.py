from pyndis.kernel import *


class Tun(Adapter):
    @on.send
    def send(self, chain: Owned[Chain[Nbl]]) -> None:
        with self.completing() as done:
            for nbl in chain.drain():
                packet = nbl.first
                done.add(nbl)
                if packet is not None and packet.size > 3:
                    self.link_down()
