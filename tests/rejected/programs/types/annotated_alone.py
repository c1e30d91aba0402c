from pyndis.kernel import *


class State:
    count: Annotated[u8]


class Tun(Adapter):
    state: State
