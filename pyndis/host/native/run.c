#include "ndis.h"
void run_receive(struct run *run, NET_BUFFER_LIST *nbl)
{
    (void)run, (void)nbl;
}
