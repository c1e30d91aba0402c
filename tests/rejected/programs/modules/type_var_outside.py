from pyndis.kernel import *


T = TypeVar("T")


class Box:
    item: T


class Tun(Adapter):
    box: Box
