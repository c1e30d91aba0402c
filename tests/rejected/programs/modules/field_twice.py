from pyndis.kernel import *


class State:
    count: u32
    count: u64
