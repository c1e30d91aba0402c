from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        value = self.pick() if self.tokens.read() > 0 else 3
