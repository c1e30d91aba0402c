from pyndis.kernel import *


class State:
    count: u32

    @on.halt
    def halt(self) -> None:
        self.count = 3
