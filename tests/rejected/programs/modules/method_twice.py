from pyndis.kernel import *


class State:
    count: u32

    def more(self) -> None:
        self.count = 1

    def more(self) -> None:
        self.count = 2
