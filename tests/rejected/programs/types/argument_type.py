from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        self.stop(1, 3)
