from pyndis.kernel import *


class Waiting:
    count: u32


class Tun(Adapter):
    waiting = Locked[Waiting]()

    def more(self, waiting: Waiting) -> None:
        waiting.count = 3

    @on.halt
    def halt(self) -> None:
        self.more(self.waiting)
