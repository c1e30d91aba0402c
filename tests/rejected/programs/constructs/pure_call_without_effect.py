from pyndis.kernel import *


class Tun(Adapter):
    def twice(self, count: u32) -> u32:
        return saturating_add(count, count)

    @on.halt
    def halt(self) -> None:
        self.twice(3)
