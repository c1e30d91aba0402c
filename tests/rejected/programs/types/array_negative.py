from pyndis.kernel import *


class State:
    items: Annotated[Array[u8], -3]


class Tun(Adapter):
    state: State
