from pyndis.kernel import *


def total(**values: u32) -> u32:
    return 0


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        total(one=1)
