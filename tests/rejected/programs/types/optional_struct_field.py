from pyndis.kernel import *


class Inner:
    count: u32


class State:
    inner: Inner | None


class Tun(Adapter):
    state: State
