from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        a = b = 3
