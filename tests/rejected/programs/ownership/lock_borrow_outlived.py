from pyndis.kernel import *


class Waiting:
    nbls: Chain[Nbl]


class Tun(Adapter):
    waiting = Locked[Waiting]()

    @on.halt
    def halt(self) -> None:
        with self.waiting as waiting:
            first = waiting.nbls.first
        if first is not None:
            first.status = NdisStatus.FAILURE
