from pyndis.kernel import *


class State:
    count: u32


class Tun(Adapter):
    state: State

    @on.cancel_send
    def cancel(self, cancel_id: usize) -> None:
        self.state.count = 1 << (cancel_id & 0xFF)
