from .other import later

from pyndis.kernel import *


def first() -> None:
    later()
