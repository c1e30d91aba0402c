from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        value = 3
        item = value[0]
