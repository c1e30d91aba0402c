from pyndis.kernel import *


class Waiting:
    count: u32


class Tun(Adapter):
    waiting = Locked[Waiting]()

    def look(self) -> Waiting:
        with self.waiting as waiting:
            return waiting
