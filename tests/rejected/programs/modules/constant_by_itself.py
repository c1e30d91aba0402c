from pyndis.kernel import *


ONE: Final = TWO + 1
TWO: Final = ONE - 1


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        value = ONE
