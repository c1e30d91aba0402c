from pyndis.kernel import *


class State:
    items: Annotated[Array[u8], 3]


class Tun(Adapter):
    state: State

    @on.halt
    def halt(self) -> None:
        item = self.state.items[self]
