from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        numbers = range(3)
