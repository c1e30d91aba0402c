from pyndis.kernel import *


class State:
    limit: u32 = 5


class Tun(Adapter):
    state = Locked[State]()
