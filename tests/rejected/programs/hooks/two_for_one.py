from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        pass

    @on.halt
    def stopped(self) -> None:
        pass
