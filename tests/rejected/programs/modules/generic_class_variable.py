from pyndis.kernel import *


T = TypeVar("T")


class Box(Generic[T]):
    item: T


class Tun(Adapter):
    box: Box
