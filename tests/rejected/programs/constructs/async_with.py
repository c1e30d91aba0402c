from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        async with self.completing() as done:
            pass
