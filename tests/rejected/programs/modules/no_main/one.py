from pyndis.kernel import *
