from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        ready = self.tokens.read() > 3
        if ready == 1:
            pass
