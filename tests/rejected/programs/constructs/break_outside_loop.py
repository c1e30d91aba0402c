from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        if self.tokens.read() > 0:
            break
