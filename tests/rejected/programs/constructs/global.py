from pyndis.kernel import *


COUNT: Final = 0


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        global COUNT
        COUNT = 1
