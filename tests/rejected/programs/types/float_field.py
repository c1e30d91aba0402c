from pyndis.kernel import *


class State:
    ratio: float


class Tun(Adapter):
    state: State
