from pyndis.kernel import *


class Tun(Adapter):
    @on.halt
    async def halt(self) -> None:
        pass
