from pyndis.kernel import *


class Colour(IntEnum):
    RED = 1

    def mix(self) -> None:
        pass
