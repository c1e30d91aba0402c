from pyndis.kernel import *


def twice(value: u32 = 1) -> u32:
    return wrapping_add(value, value)


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        twice()
