from pyndis.kernel import *


ONE: Final = 1 << 100000000000


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        value = ONE
