from pyndis.kernel import *


class State:
    count: Annotated[u32, Within(0, 9)]


class Tun(Adapter):
    state: State

    @on.cancel_send
    def cancel(self, cancel_id: usize) -> None:
        self.state.count = cancel_id & 0xFF
