from pyndis.kernel import *


class State:
    count: int


class Tun(Adapter):
    state: State
