from pyndis.kernel import *


class Colour(IntEnum):
    RED = "red"
