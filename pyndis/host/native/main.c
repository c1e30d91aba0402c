/* ndis-host: plays ntoskrnl, hal and ndis to one driver image, under the control of a parent process. */
#include "blocks.h"
#include "clock.h"
#include <signal.h>

void fault_start(void);
void settings_start(void);

int main(int count, char **arguments)
{
    int fd = -1;
    for (int i = 1; i + 1 < count; i++)
        if (!strcmp(arguments[i], "--control"))
            fd = atoi(arguments[i + 1]);
    if (fd < 0) {
        fprintf(stderr, "usage: ndis-host --control FD\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    settings_start();
    exports_start();
    blocks_start();
    threads_start();
    fault_start();
    wire_loop(fd);
    return 0;
}
