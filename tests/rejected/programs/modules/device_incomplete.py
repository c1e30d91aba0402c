from pyndis.kernel import *


class Tun(Adapter):
    device = ControlDevice(name="TEST{luid_index}")
