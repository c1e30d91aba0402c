from pyndis.kernel import *


class State:
    count: u32


class Tun(Adapter):
    one = Locked[State]()
    two = Locked[State]()

    @on.halt
    def halt(self) -> None:
        with self.one as one, self.two as two:
            one.count = 3

    @on.cancel_send
    def cancel(self, cancel_id: usize) -> None:
        with self.two as two, self.one as one:
            one.count = 3
