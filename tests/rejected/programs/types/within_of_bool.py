from pyndis.kernel import *


class State:
    count: Annotated[bool, Within(0, 1)]


class Tun(Adapter):
    state: State
