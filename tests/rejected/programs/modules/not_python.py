from pyndis.kernel import *

def broken(:
    pass
