from pyndis.kernel import *


@struct
class Head:
    bytes: Annotated[Array[u8], 12]


class Tun(Adapter):
    head: Head

    @on.halt
    def halt(self) -> None:
        part = self.head.bytes[1:3]
