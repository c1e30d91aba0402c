from pyndis.kernel import *


class Colour(IntEnum):
    RED = 1


class More(Colour):
    BLUE = 2
