from pyndis.kernel import *


class State:
    count: Annotated[u8, Within(9)]


class Tun(Adapter):
    state: State
