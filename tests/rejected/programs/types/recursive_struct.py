from pyndis.kernel import *


class State:
    state: State


class Tun(Adapter):
    state: State
