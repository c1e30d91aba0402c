from pyndis.kernel import *


class Tun(Adapter):
    def pick(self) -> u32:
        self.tokens.add(1)
        return 3

    @on.halt
    def halt(self) -> None:
        value = self.pick() if self.tokens.read() > 0 else 3
