from pyndis.kernel import *

for number in range(3):
    pass
