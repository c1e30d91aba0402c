from pyndis.kernel import *


class Tun(Adapter):
    def __init__(self) -> None:
        self.link_up()
