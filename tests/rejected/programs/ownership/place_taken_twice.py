from pyndis.kernel import *


class Waiting:
    nbls: Chain[Nbl]


class Tun(Adapter):
    waiting = Locked[Waiting]()

    @on.halt
    def halt(self) -> None:
        with self.completing() as done, self.waiting as waiting:
            for place in waiting.nbls.places():
                done.add(place.take())
                done.add(place.take())
