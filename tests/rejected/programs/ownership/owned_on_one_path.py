from pyndis.kernel import *


class Tun(Adapter):
    @on.send
    def send(self, chain: Owned[Chain[Nbl]]) -> None:
        with self.completing() as done:
            for nbl in chain.drain():
                if nbl.status == NdisStatus.SUCCESS:
                    done.add(nbl)
