from pyndis.kernel import *


ONE: Final = 1 // 0


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        value = ONE
