from pyndis.kernel import *

return
