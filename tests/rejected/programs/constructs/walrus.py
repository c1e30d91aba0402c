from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        if (value := 3) > 2:
            pass
