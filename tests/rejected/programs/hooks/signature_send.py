from pyndis.kernel import *


class Tun(Adapter):
    @on.send
    def send(self, nbl: Owned[Nbl]) -> None:
        with self.completing() as done:
            done.add(nbl)
