from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        with 3:
            pass
