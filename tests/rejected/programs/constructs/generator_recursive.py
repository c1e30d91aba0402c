from pyndis.kernel import *


def numbers(limit: u32) -> Iterator[u32]:
    yield limit
    yield from numbers(limit)


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        for number in numbers(3):
            pass
