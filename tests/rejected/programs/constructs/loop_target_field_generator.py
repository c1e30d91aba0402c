from pyndis.kernel import *


def numbers() -> Iterator[u32]:
    yield 1


class Tun(Adapter):
    count: u32

    @on.halt
    def halt(self) -> None:
        for self.count in numbers():
            pass
