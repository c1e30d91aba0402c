from pyndis.kernel import *


class State:
    items: Annotated[Array[u8], 3]
    more: Annotated[Array[u8], 3]


class Tun(Adapter):
    state: State

    @on.halt
    def halt(self) -> None:
        self.state.items = self.state.more
