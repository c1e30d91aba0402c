from pyndis.kernel import *


def numbers(limit: u32) -> Iterator[u32]:
    while limit > 0:
        yield limit
        limit -= 1


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        for number in numbers(3):
            pass
