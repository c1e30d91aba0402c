from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        count = 0
        while count < 3:
            count += 1
        else:
            count = 9
