from pyndis.kernel import *


class State:
    numbers: Chain[u32]


class Tun(Adapter):
    state: State

    @on.halt
    def halt(self) -> None:
        self.state.numbers.append(3)
