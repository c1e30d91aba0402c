from pyndis.kernel import *


class Waiting:
    nbls: Chain[Nbl]


class Tun(Adapter):
    waiting = Locked[Waiting]()
    other = Locked[Waiting]()

    @on.halt
    def halt(self) -> None:
        with self.waiting as waiting, self.other as other:
            waiting.nbls.prepend(other.nbls)
