from pyndis.kernel import *


class State:
    count: u32

    def count(self) -> None:
        pass
