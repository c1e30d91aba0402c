from pyndis.kernel import *


packets = 0
