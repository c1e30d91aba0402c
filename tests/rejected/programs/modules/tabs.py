from pyndis.kernel import *

def broken():
	if True:
        pass
