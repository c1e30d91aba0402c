from pyndis.kernel import *


class State:
    count: u32
    for number in range(3):
        pass
