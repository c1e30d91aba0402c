from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        for self.tokens in range(3):
            pass
