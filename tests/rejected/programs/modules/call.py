from pyndis.kernel import *

print("loaded")
