from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        first, *rest = 1, 2
