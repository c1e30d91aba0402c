from pyndis.kernel import *


class State:
    count: Annotated[u8, Within(9, 3)]


class Tun(Adapter):
    state: State
