from pyndis.kernel import *


class State:
    count: u32


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        state = State(3)
