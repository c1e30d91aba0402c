from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        for number in range(3):
            value = number
        other = value + 1
