from pyndis.kernel import *


class State:
    count: u32


class Tun(Adapter):
    state: State

    def less(self, count: u32) -> u32:
        return count - 1

    @on.cancel_send
    def cancel(self, cancel_id: usize) -> None:
        self.state.count = self.less(cancel_id & 0xFF)
