from pyndis.kernel import *


class State:
    pair: tuple[u32, u32]


class Tun(Adapter):
    state: State
