/* Runs the image runtime's memory functions against loops that cannot be wrong, in a process without a C library. The exit
 * status is 0, or tells which check failed. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict destination, const void *restrict source, size_t count);
void *memmove(void *destination, const void *source, size_t count);
void *memset(void *destination, int byte, size_t count);
int memcmp(const void *left, const void *right, size_t count);

enum { ROOM = 5000 };

static uint8_t found[ROOM], wanted[ROOM];

__attribute__((noreturn)) static void leave(int status) {
#if defined(__x86_64__)
    __asm__ volatile("syscall" : : "a"(60), "D"(status));
#elif defined(__i386__)
    __asm__ volatile("int $0x80" : : "a"(1), "b"(status));
#else
    register long number __asm__("x8") = 93;
    register long argument __asm__("x0") = status;
    __asm__ volatile("svc 0" : : "r"(number), "r"(argument));
#endif
    __builtin_unreachable();
}

static void require(int truth, int check) {
    if (!truth) {
        leave(check);
    }
}

static void refill(void) {
    for (size_t at = 0; at < ROOM; at++) {
        found[at] = wanted[at] = (uint8_t)(at * 7 + at / 251);
    }
}

static void require_same(int check) {
    for (size_t at = 0; at < ROOM; at++) {
        require(found[at] == wanted[at], check);
    }
}

static void move(void *(*function)(void *, const void *, size_t), size_t to, size_t from, size_t count, int check) {
    refill();
    for (size_t at = 0; at < count; at++) {
        wanted[to < from ? to + at : to + count - 1 - at] = wanted[to < from ? from + at : from + count - 1 - at];
    }
    require(function(found + to, found + from, count) == found + to, check);
    require_same(check + 1);
}

static void *copy(void *destination, const void *source, size_t count) { return memcpy(destination, source, count); }

static void check_moves(size_t count) {
    for (size_t skew = 0; skew < 3; skew++) {
        move(copy, 16 + skew, 2500, count, 10);
        move(memmove, 2500, 16 + skew, count, 20);
    }
    for (size_t distance = 0; distance < 130; distance += distance < 20 ? 1 : 31) {
        move(memmove, 300, 300 + distance, count, 30);
        move(memmove, 300 + distance, 300, count, 40);
    }
}

static void check_fill(size_t count) {
    for (size_t start = 64; start < 67; start++) {
        refill();
        for (size_t at = 0; at < count; at++) {
            wanted[start + at] = 0xA5;
        }
        require(memset(found + start, 0x7FA5, count) == found + start, 50);
        require_same(51);
    }
}

static void check_compare(size_t count) {
    refill();
    require(memcmp(found + 3, wanted + 3, count) == 0, 60);
    for (size_t at = 0; at < count; at += count < 40 ? 1 : 13) {
        const uint8_t kept = found[3 + at];
        found[3 + at] = (uint8_t)(kept + 1);
        require((memcmp(found + 3, wanted + 3, count) > 0) == (found[3 + at] > kept), 61);
        require((memcmp(wanted + 3, found + 3, count) > 0) == (found[3 + at] < kept), 62);
        require(memcmp(found + 3, wanted + 3, at) == 0, 63);
        found[3 + at] = kept;
    }
}

__attribute__((force_align_arg_pointer)) void start(void);

void start(void) {
    for (size_t count = 0; count < 2200; count += count < 300 ? 1 : 97) {
        check_moves(count);
        check_fill(count);
        check_compare(count);
    }
    leave(0);
}
