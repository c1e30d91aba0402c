from pyndis.kernel import *


class Tun(Adapter):
    def pick(self) -> bool:
        self.tokens.add(1)
        return True

    @on.halt
    def halt(self) -> None:
        assert self.pick()
