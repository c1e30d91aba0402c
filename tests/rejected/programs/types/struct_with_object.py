from pyndis.kernel import *


@struct
class Head:
    size: u32
    state: Atomic


class Tun(Adapter):
    head: Head
