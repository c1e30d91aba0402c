from pyndis.kernel import *


class Tun(Adapter):
    @one_at_a_time
    def drain(self, count: u32) -> bool:
        return count > 0

    @on.halt
    def halt(self) -> None:
        self.drain(bounded=False)
