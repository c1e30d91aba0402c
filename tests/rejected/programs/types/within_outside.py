from pyndis.kernel import *


class State:
    count: Annotated[u8, Within(0, 256)]


class Tun(Adapter):
    state: State
