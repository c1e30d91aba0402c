from pyndis.kernel import *


def total(one: u32, two: u32) -> u32:
    return wrapping_add(one, two)


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        values = 1
        total(*values)
