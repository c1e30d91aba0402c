from pyndis.kernel import *


class Colour(IntEnum):
    RED = 1


class Tun(Adapter):
    @on.halt
    def halt(self) -> None:
        colour = Colour.BLUE
