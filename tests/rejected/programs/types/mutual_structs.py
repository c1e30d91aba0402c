from pyndis.kernel import *


class One:
    two: Two


class Two:
    one: One


class Tun(Adapter):
    one: One
