from pyndis.kernel import *


class State:
    items: Annotated[Array[u8], 0]


class Tun(Adapter):
    state: State
