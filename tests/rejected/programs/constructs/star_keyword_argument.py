from pyndis.kernel import *


def total(one: u32) -> u32:
    return one


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        values = 1
        total(**values)
