from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        if self.tokens.read() > 3:
            value = 3
        other = value + 1
