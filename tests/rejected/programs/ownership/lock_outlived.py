from pyndis.kernel import *


class Waiting:
    count: u32


class Tun(Adapter):
    waiting = Locked[Waiting]()

    @on.halt
    def halt(self) -> None:
        with self.waiting as waiting:
            waiting.count = 1
        waiting.count = 2
