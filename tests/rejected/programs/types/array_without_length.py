from pyndis.kernel import *


class State:
    items: Array[u8]


class Tun(Adapter):
    state: State
