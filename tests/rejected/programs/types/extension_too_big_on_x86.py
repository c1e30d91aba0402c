from pyndis.kernel import *


class Outgoing(Nbl):
    one: u64
    two: u64


class Tun(Adapter):
    @on.send
    def send(self, chain: Owned[Chain[Outgoing]]) -> None:
        with self.completing() as done:
            for nbl in chain.drain():
                nbl.one = 3
                done.add(nbl)
