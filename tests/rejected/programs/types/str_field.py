from pyndis.kernel import *


class State:
    name: str


class Tun(Adapter):
    state: State
