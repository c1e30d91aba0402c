from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        other = value + 1
        value = 3
