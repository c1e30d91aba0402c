/* Copies packets between two TUN devices, given as descriptor numbers: what no driver between two stacks can beat by much. */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define LARGEST_PACKET 65536

/* What the other side does not take is lost, as on a wire. */
static void copy(int from, int to)
{
    static char packet[LARGEST_PACKET];
    ssize_t size;

    while ((size = read(from, packet, sizeof packet)) > 0) {
        if (write(to, packet, size) < 0)
            continue;
    }
}

int main(int count, char **words)
{
    if (count != 3)
        return 2;
    struct pollfd ends[2] = {{.fd = atoi(words[1]), .events = POLLIN}, {.fd = atoi(words[2]), .events = POLLIN}};

    while (poll(ends, 2, -1) >= 0) {
        if (ends[0].revents)
            copy(ends[0].fd, ends[1].fd);
        if (ends[1].revents)
            copy(ends[1].fd, ends[0].fd);
    }
    return 1;
}
