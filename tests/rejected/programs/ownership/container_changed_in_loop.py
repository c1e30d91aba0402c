from pyndis.kernel import *


class Tun(Adapter):
    @on.send
    def send(self, chain: Owned[Chain[Nbl]]) -> None:
        with self.completing() as done:
            for nbl in chain:
                first = chain.pop()
                if first is not None:
                    done.add(first)
            for nbl in chain.drain():
                done.add(nbl)
