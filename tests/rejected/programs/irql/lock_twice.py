from pyndis.kernel import *


class State:
    count: u32


class Tun(Adapter):
    state = Locked[State]()

    @on.halt
    def halt(self) -> None:
        with self.state as one:
            with self.state as two:
                two.count = 3
