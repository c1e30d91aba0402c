from pyndis.kernel import *


class Tun(Adapter):
    @one_at_a_time
    def drain(self) -> None:
        pass

    @on.halt
    def halt(self) -> None:
        self.drain(bounded=False)
