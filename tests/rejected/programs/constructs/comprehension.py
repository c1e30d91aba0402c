from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        values = [value for value in range(3)]
