from pyndis.kernel import *


class Tun(Adapter):
    @on.send
    def send(self, chain: Owned[Chain[Nbl]]) -> None:
        with self.completing() as done:
            for nbl in chain.drain():
                for packet in nbl.packets(nbl.first):
                    done.add(nbl)
                    done.count_packet(packet.size)
                    break
