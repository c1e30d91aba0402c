from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        half = 7 / 2
