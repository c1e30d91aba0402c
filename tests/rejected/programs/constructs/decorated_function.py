from pyndis.kernel import *


def decorate(method: u32) -> u32:
    return method


@decorate
def twice(value: u32) -> u32:
    return value


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        twice(1)
