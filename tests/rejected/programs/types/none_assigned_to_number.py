from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        count = 3
        count = None
