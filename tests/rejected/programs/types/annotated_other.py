from pyndis.kernel import *


class State:
    count: Annotated[u8, "small"]


class Tun(Adapter):
    state: State
