from pyndis.kernel import *


class State:
    items: Annotated[Array[u8], 3]


class Tun(Adapter):
    state: State

    @on.cancel_send
    def cancel(self, cancel_id: usize) -> None:
        self.state.items[cancel_id & 0xFF] = 3
