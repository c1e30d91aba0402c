from pyndis.kernel import *


class Tun(Adapter):
    count = Locked[u32]()

    @on.halt
    def halt(self) -> None:
        with self.count as count:
            pass
