from pyndis.kernel import *


class State:
    count: u32


class Tun(Adapter):
    state = Mutexed[State]()

    @on.send
    def send(self, chain: Owned[Chain[Nbl]]) -> None:
        with self.completing() as done:
            for nbl in chain.drain():
                done.fail(nbl, NdisStatus.FAILURE)
        with self.state as state:
            state.count = 3
