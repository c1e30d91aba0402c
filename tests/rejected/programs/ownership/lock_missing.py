from pyndis.kernel import *


class Waiting:
    count: u32


class Tun(Adapter):
    waiting = Locked[Waiting]()

    @on.halt
    def halt(self) -> None:
        self.waiting.count = 2
