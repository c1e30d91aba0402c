from pyndis.kernel import *


class State:
    count: u32


class State:
    count: u64
