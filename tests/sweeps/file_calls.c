/* What a process asks the file system for, counted; one of the calls may end the process, or fail.
 *
 * Preloaded (LD_PRELOAD) in front of libc, so SQLite's own calls are seen as well. Armed with a folder, it
 * counts the calls about files in that folder, from then on; descriptors are known by what was opened.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT, KILL, TORN, FAIL, FAIL_ON }; /* FAIL_ON: this call and all later ones that need space */

#define CALLS_MAX 200000
#define DESCRIPTORS_MAX 4096

static const char *names[CALLS_MAX];
static char growing[CALLS_MAX]; /* whether the call may need space */
static char ours[DESCRIPTORS_MAX];
static char folder[4096];
static long count, at;
static int armed, what, error_number;

void calls_arm(const char *in_folder, long nth, int action, int error) {
    strncpy(folder, in_folder, sizeof folder - 1);
    count = 0, at = nth, what = action, error_number = error, armed = 1;
}
long calls_count(void) { return count; }
const char *calls_name(long nth) { return names[nth - 1]; }
int calls_grow(long nth) { return growing[nth - 1]; }
void calls_disarm(void) { armed = 0; }

static int is_ours(const char *path) { return armed && path && !strncmp(path, folder, strlen(folder)); }
static int is_our_descriptor(int fd) { return armed && fd >= 0 && fd < DESCRIPTORS_MAX && ours[fd]; }
static void die(void) { kill(getpid(), SIGKILL); }

/* Counts one call; true where it is to fail, with errno set. */
static int fails(const char *name, int grows) {
    if (count < CALLS_MAX) names[count] = name, growing[count] = grows;
    count++;
    if (what == FAIL_ON ? count >= at && grows : what == FAIL && count == at) {
        errno = error_number;
        return 1;
    }
    if (what == KILL && count == at) die();
    return 0;
}
/* Whether the process ends in this write, half of which (nothing of a single byte) is done. */
static int is_torn(void) { return what == TORN && count == at; }

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int opened(int fd, int mine) {
    if (fd >= 0 && fd < DESCRIPTORS_MAX) ours[fd] = (char)mine;
    return fd;
}

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        int mine = is_ours(path); \
        if (mine && fails("open", (flags & O_CREAT) != 0)) return -1; \
        return opened(real(path, flags, mode), mine); \
    }
OPENING(open)
OPENING(open64)

#define OPENING_AT(name) \
    int name(int at_fd, const char *path, int flags, ...) { \
        REAL(name); \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        int mine = is_ours(path); \
        if (mine && fails("open", (flags & O_CREAT) != 0)) return -1; \
        return opened(real(at_fd, path, flags, mode), mine); \
    }
OPENING_AT(openat)
OPENING_AT(openat64)

int close(int fd) {
    REAL(close);
    if (is_our_descriptor(fd)) {
        if (what != FAIL || count + 1 != at) fails("close", 0); else count++;
        ours[fd] = 0;
    }
    return real(fd);
}
ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    if (is_our_descriptor(fd)) {
        if (fails("write", 1)) return -1;
        if (is_torn()) { real(fd, data, size / 2); die(); }
    }
    return real(fd, data, size);
}
#define WRITING_AT(name, offset_type) \
    ssize_t name(int fd, const void *data, size_t size, offset_type offset) { \
        REAL(name); \
        if (is_our_descriptor(fd)) { \
            if (fails("pwrite", 1)) return -1; \
            if (is_torn()) { real(fd, data, size / 2, offset); die(); } \
        } \
        return real(fd, data, size, offset); \
    }
WRITING_AT(pwrite, off_t)
WRITING_AT(pwrite64, off64_t)

#define BY_DESCRIPTOR(result, name, told, grows, parameters, arguments) \
    result name parameters { \
        REAL(name); \
        if (is_our_descriptor(fd) && fails(told, grows)) return -1; \
        return real arguments; \
    }
BY_DESCRIPTOR(ssize_t, read, "read", 0, (int fd, void *to, size_t size), (fd, to, size))
BY_DESCRIPTOR(ssize_t, pread, "pread", 0, (int fd, void *to, size_t size, off_t from), (fd, to, size, from))
BY_DESCRIPTOR(ssize_t, pread64, "pread", 0, (int fd, void *to, size_t size, off64_t from), (fd, to, size, from))
BY_DESCRIPTOR(int, fsync, "fsync", 1, (int fd), (fd))
BY_DESCRIPTOR(int, fdatasync, "fdatasync", 1, (int fd), (fd))
BY_DESCRIPTOR(int, ftruncate, "ftruncate", 1, (int fd, off_t size), (fd, size))
BY_DESCRIPTOR(int, ftruncate64, "ftruncate", 1, (int fd, off64_t size), (fd, size))
BY_DESCRIPTOR(int, fstat, "fstat", 0, (int fd, struct stat *to), (fd, to))
BY_DESCRIPTOR(int, fstat64, "fstat", 0, (int fd, struct stat64 *to), (fd, to))
BY_DESCRIPTOR(int, fchmod, "fchmod", 0, (int fd, mode_t mode), (fd, mode))
BY_DESCRIPTOR(int, fchown, "fchown", 0, (int fd, uid_t user, gid_t group), (fd, user, group))

static const char *locking(int command, const struct flock *lock) {
    if (command != F_SETLK && command != F_SETLKW) return "fcntl";
    return lock->l_type == F_UNLCK ? "unlock" : "lock";
}
#define LOCKING(name) \
    int name(int fd, int command, ...) { \
        REAL(name); \
        va_list rest; va_start(rest, command); void *argument = va_arg(rest, void *); va_end(rest); \
        if (is_our_descriptor(fd) && fails(locking(command, argument), 0)) return -1; \
        return real(fd, command, argument); \
    }
LOCKING(fcntl)
LOCKING(fcntl64)

#define MAPPING(name, offset_type) \
    void *name(void *where, size_t size, int protection, int flags, int fd, offset_type offset) { \
        REAL(name); \
        if (is_our_descriptor(fd) && fails("mmap", 0)) return MAP_FAILED; \
        return real(where, size, protection, flags, fd, offset); \
    }
MAPPING(mmap, off_t)
MAPPING(mmap64, off64_t)

#define BY_PATH(result, name, told, grows, parameters, arguments) \
    result name parameters { \
        REAL(name); \
        if (is_ours(path) && fails(told, grows)) return -1; \
        return real arguments; \
    }
BY_PATH(int, unlink, "unlink", 0, (const char *path), (path))
BY_PATH(int, rmdir, "rmdir", 0, (const char *path), (path))
BY_PATH(int, mkdir, "mkdir", 1, (const char *path, mode_t mode), (path, mode))
BY_PATH(int, rename, "rename", 1, (const char *path, const char *to), (path, to))
BY_PATH(int, link, "link", 1, (const char *path, const char *to), (path, to))
BY_PATH(int, access, "access", 0, (const char *path, int mode), (path, mode))
BY_PATH(ssize_t, readlink, "readlink", 0, (const char *path, char *to, size_t size), (path, to, size))
BY_PATH(int, stat, "stat", 0, (const char *path, struct stat *to), (path, to))
BY_PATH(int, stat64, "stat", 0, (const char *path, struct stat64 *to), (path, to))
BY_PATH(int, lstat, "lstat", 0, (const char *path, struct stat *to), (path, to))
BY_PATH(int, lstat64, "lstat", 0, (const char *path, struct stat64 *to), (path, to))
