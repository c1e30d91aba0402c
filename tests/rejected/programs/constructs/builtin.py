from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        greatest = max(1, 2)
