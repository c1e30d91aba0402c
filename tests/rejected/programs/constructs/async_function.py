from pyndis.kernel import *


async def later() -> None:
    pass
