/* A disk that neither works nor fails, for a process this is loaded into (LD_PRELOAD).
   Every call on a file below $HANGS_BELOW waits while the file $HANGS_WHILE is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int below(const char *path) {
    const char *folder = getenv("HANGS_BELOW");
    return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static void wait_for(const char *path) {
    const char *flag = getenv("HANGS_WHILE");
    while (below(path) && flag && access(flag, F_OK) == 0) usleep(10000);
}

static void wait_for_fd(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) { path[length] = 0; wait_for(path); }
}

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

#define ON_FD(type, name, params, args, ...) \
    type name params { wait_for_fd(fd); return REAL(type, name, __VA_ARGS__) args; }

ON_FD(int, fsync, (int fd), (fd), int)
ON_FD(int, fdatasync, (int fd), (fd), int)
ON_FD(int, ftruncate, (int fd, off_t n), (fd, n), int, off_t)
ON_FD(int, ftruncate64, (int fd, off64_t n), (fd, n), int, off64_t)
ON_FD(ssize_t, read, (int fd, void *b, size_t n), (fd, b, n), int, void *, size_t)
ON_FD(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n), int, const void *, size_t)
ON_FD(ssize_t, pread, (int fd, void *b, size_t n, off_t o), (fd, b, n, o), int, void *, size_t, off_t)
ON_FD(ssize_t, pread64, (int fd, void *b, size_t n, off64_t o), (fd, b, n, o), int, void *, size_t, off64_t)
ON_FD(ssize_t, pwrite, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o), int, const void *, size_t, off_t)
ON_FD(ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o), int, const void *, size_t, off64_t)

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        wait_for(path); \
        return REAL(int, name, const char *, int, ...)(path, flags, mode); }

OPENS(open)
OPENS(open64)

#define OPENS_AT(name) \
    int name(int at, const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        wait_for(path); \
        return REAL(int, name, int, const char *, int, ...)(at, path, flags, mode); }

OPENS_AT(openat)
OPENS_AT(openat64)

int unlink(const char *path) { wait_for(path); return REAL(int, unlink, const char *)(path); }
int rename(const char *from, const char *to) {
    wait_for(to);
    return REAL(int, rename, const char *, const char *)(from, to);
}
