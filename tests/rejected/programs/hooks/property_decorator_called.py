from pyndis.kernel import *


class State:
    count: u32

    @cached(3)
    def more(self) -> u32:
        return self.count


class Tun(Adapter):
    state: State

    @on.halt
    def halt(self) -> None:
        value = self.state.more()
