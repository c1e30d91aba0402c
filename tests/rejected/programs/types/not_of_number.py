from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        count = self.tokens.read()
        while not count:
            pass
