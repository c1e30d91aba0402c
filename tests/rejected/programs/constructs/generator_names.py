from pyndis.kernel import *


def numbers() -> Iterator[u32]:
    yield 1


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        for number, other in numbers():
            pass
