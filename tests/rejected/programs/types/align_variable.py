from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        to = 8
        value = align(7, to)
