from pyndis.kernel import *


class Outgoing(Nbl):
    cursor: NetBuffer | None


class Tun(Adapter):
    @on.send
    def send(self, chain: Owned[Chain[Outgoing]]) -> None:
        with self.completing() as done:
            previous = Chain[Outgoing]()
            for nbl in chain.drain():
                for other in previous:
                    other.cursor = nbl.first
                previous.append(nbl)
            for nbl in previous.drain():
                done.add(nbl)
