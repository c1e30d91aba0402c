from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        for number in range(0, 10, 2):
            pass
