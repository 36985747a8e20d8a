/*
 * Preloaded into the built binary (LD_PRELOAD): counts its system calls at one destination, and at the N-th of them fails, writes
 * only a part, kills, stops or signals the process, or waits.
 *
 * What is counted: calls that name a path below FAULT_BELOW or use a descriptor opened there, and calls on TCP connections to port
 * FAULT_PORT. A read or accept that would only have to wait (EAGAIN) is not counted, since how often that happens is chance.
 *
 *   FAULT_AT=12           the call at which it happens, from 1; without it calls are only counted
 *   FAULT_TIMES=1         how many calls in a row; 0: all from there on
 *   FAULT_ONLY=write,link only these calls can be hit (all are counted)
 *   FAULT_DO=EIO          an errno: the call is not made and fails (close is made all the same, as the kernel does)
 *            short        a write or read of about half the bytes
 *            eof          a read finds the end of the file, or of the connection
 *            half+EIO     half of the bytes are written, then it fails; half+kill: then the process is killed
 *            kill stop term int   the signal, then the call
 *            after-EIO    the call is made, and its answer is lost; after-kill, after-stop: made, then the signal
 *            wait:1500    milliseconds, then the call
 *   FAULT_SLOW=fsync:200  every call of that name takes so many milliseconds longer
 *   FAULT_STALL=path:9000 the first opening of that file, wherever it is, takes so many milliseconds longer
 *   FAULT_HOST=file       plays another host: its boot id is what that file holds, and locks of the host do not meet those of others
 *   FAULT_LOG=file        one line a call: number, name, result, errno, "!" where hit or "-", descriptor, flags, offset, path,
 *                         second path, and with FAULT_DATA=1 the bytes written, as hexadecimal digits
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 65536
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define SOCKET_NAME "(connection)"

static const char *below;
static size_t below_length;
static int port, at, times = 1, log_descriptor = -1, with_data;
static const char *only, *slow_call, *action, *other_host;
static char *stalled;
static long slow_ms, stall_ms;
static int calls;
static char *path_of[MAX_DESCRIPTORS];

/* glibc's own wrapper, behind this library's. */
#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static long raw_syscall(long number, long a, long b, long c, long d, long e, long f) {
  static long (*call)(long, ...);
  if (call == NULL) call = (long (*)(long, ...))real("syscall");
  return call(number, a, b, c, d, e, f);
}

__attribute__((constructor)) static void start(void) {
  below = getenv("FAULT_BELOW");
  below_length = below ? strlen(below) : 0;
  if (getenv("FAULT_PORT")) port = atoi(getenv("FAULT_PORT"));
  if (getenv("FAULT_AT")) at = atoi(getenv("FAULT_AT"));
  if (getenv("FAULT_TIMES")) times = atoi(getenv("FAULT_TIMES"));
  with_data = getenv("FAULT_DATA") != NULL;
  only = getenv("FAULT_ONLY");
  action = getenv("FAULT_DO");
  other_host = getenv("FAULT_HOST");
  slow_call = getenv("FAULT_SLOW");
  const char *colon = slow_call ? strchr(slow_call, ':') : NULL;
  slow_ms = colon ? atol(colon + 1) : 0;
  if (getenv("FAULT_STALL")) {
    stalled = strdup(getenv("FAULT_STALL"));
    char *last = strrchr(stalled, ':');
    if (last) { stall_ms = atol(last + 1); *last = 0; }
  }
  const char *log = getenv("FAULT_LOG");
  if (log) {
    int opened = (int)raw_syscall(SYS_openat, AT_FDCWD, (long)log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600, 0, 0);
    /* Out of the way of a test with few descriptors and of what the program opens first. */
    log_descriptor = (int)raw_syscall(SYS_fcntl, opened, F_DUPFD_CLOEXEC, 200, 0, 0, 0);
    if (log_descriptor < 0) log_descriptor = opened;
    else raw_syscall(SYS_close, opened, 0, 0, 0, 0, 0);
  }
}

/* The part of the path below the folder ("." for the folder itself), or NULL for a path of somebody else. */
static const char *within(const char *path) {
  if (below == NULL || path == NULL || strncmp(path, below, below_length) != 0) return NULL;
  if (path[below_length] == 0) return ".";
  return path[below_length] == '/' ? path + below_length + 1 : NULL;
}

static const char *path_at(int descriptor) {
  return descriptor >= 0 && descriptor < MAX_DESCRIPTORS ? path_of[descriptor] : NULL;
}

static void remember(int descriptor, const char *path) {
  if (descriptor >= 0 && descriptor < MAX_DESCRIPTORS) path_of[descriptor] = strdup(path);
}


static int is_named(const char *names, const char *name) {
  size_t length = strlen(name);
  for (const char *found = names; (found = strstr(found, name)); found += length) {
    char end = found[length];
    if ((found == names || found[-1] == ',') && (end == 0 || end == ',' || end == ':')) return 1;
  }
  return 0;
}

static int errno_of(const char *name) {
  static const struct { const char *name; int code; } codes[] = {
    {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"ENOENT", ENOENT}, {"EACCES", EACCES}, {"EROFS", EROFS},
    {"ESTALE", ESTALE}, {"EINTR", EINTR}, {"EMFILE", EMFILE}, {"EEXIST", EEXIST}, {"EPERM", EPERM}, {"ENOMEM", ENOMEM},
    {"ECONNRESET", ECONNRESET}, {"EPIPE", EPIPE}, {"ETIMEDOUT", ETIMEDOUT}, {"ECONNREFUSED", ECONNREFUSED},
    {"EHOSTUNREACH", EHOSTUNREACH}, {"ENETUNREACH", ENETUNREACH}, {"ENOBUFS", ENOBUFS}, {"ENOTEMPTY", ENOTEMPTY},
  };
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (strcmp(codes[i].name, name) == 0) return codes[i].code;
  return 0;
}

static void sleep_ms(long ms) {
  struct timespec left = {ms / 1000, (ms % 1000) * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {}
}

struct call {
  int number, is_hit, fails_with, is_made_first, is_half;
  int signal_before, signal_after;
  const char *name, *path, *second;
  int descriptor, flags;
  long offset;
};

/* Numbers the call and decides what happens to it. `name` is that of the man page, without sizes such as 64. */
static struct call begin(const char *name, const char *path, const char *second, int descriptor) {
  struct call call = {.name = name, .path = path, .second = second, .descriptor = descriptor, .offset = -1};
  call.number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
  if (slow_call && is_named(slow_call, name)) sleep_ms(slow_ms);
  if (at == 0 || action == NULL || call.number < at || (times > 0 && call.number >= at + times)) return call;
  if (only && !is_named(only, name)) return call;
  call.is_hit = 1;
  const char *what = action;
  if (strncmp(what, "wait:", 5) == 0) { sleep_ms(atol(what + 5)); return call; }
  if (strncmp(what, "half+", 5) == 0) { call.is_half = 1; what += 5; }
  else if (strncmp(what, "after-", 6) == 0) { call.is_made_first = 1; what += 6; }
  if (strcmp(what, "short") == 0) call.is_half = 1;
  int number = strcmp(what, "kill") == 0 ? SIGKILL : strcmp(what, "stop") == 0 ? SIGSTOP
    : strcmp(what, "term") == 0 ? SIGTERM : strcmp(what, "int") == 0 ? SIGINT : strcmp(what, "quit") == 0 ? SIGQUIT : 0;
  if (number != 0 && (call.is_made_first || call.is_half)) call.signal_after = number;
  else call.signal_before = number;
  call.fails_with = errno_of(what);
  return call;
}

static void note(const struct call *call, long result, int error, const void *data, size_t length) {
  if (log_descriptor < 0) return;
  char line[8192];
  int used = snprintf(line, sizeof line, "%d\t%s\t%ld\t%d\t%s\t%d\t%d\t%ld\t%s\t%s\t", call->number, call->name, result,
    result < 0 ? error : 0, call->is_hit ? "!" : "-", call->descriptor, call->flags, call->offset, call->path ? call->path : "",
    call->second ? call->second : "");
  if (with_data && data != NULL && result > 0) {
    size_t wanted = (size_t)result < length ? (size_t)result : length;
    char *whole = malloc((size_t)used + wanted * 2 + 2);
    memcpy(whole, line, (size_t)used);
    for (size_t i = 0; i < wanted; i++) sprintf(whole + used + i * 2, "%02x", ((const unsigned char *)data)[i]);
    whole[(size_t)used + wanted * 2] = '\n';
    raw_syscall(SYS_write, log_descriptor, (long)whole, (long)((size_t)used + wanted * 2 + 1), 0, 0, 0);
    free(whole);
    return;
  }
  line[used++] = '\n';
  raw_syscall(SYS_write, log_descriptor, (long)line, used, 0, 0, 0);
}

static void send_signal(int number) {
  if (number != 0) raw_syscall(SYS_kill, getpid(), number, 0, 0, 0, 0);
}

/* The line of a call that ends the process comes before it; what it does later is in no line. */
static void before(const struct call *call) {
  if (call->signal_before == 0) return;
  if (call->signal_before == SIGKILL) note(call, -1, 0, NULL, 0);
  send_signal(call->signal_before);
}

static long end(struct call *call, long result, const void *data, size_t length) {
  int error = errno;
  if (call->is_hit && call->fails_with != 0 && (call->is_made_first || call->is_half)) { result = -1; error = call->fails_with; }
  note(call, result, error, data, length);
  send_signal(call->signal_after);
  errno = error;
  return result;
}

/* Whether the call fails without being made. */
static int is_refused(const struct call *call) {
  if (!call->is_hit || call->fails_with == 0 || call->is_made_first || call->is_half) return 0;
  errno = call->fails_with;
  return 1;
}

#define WATCHED(call_, made, data, length)             \
  do {                                                 \
    before(&(call_));                                  \
    long result_ = is_refused(&(call_)) ? -1 : (long)(made); \
    return (__typeof__(made))end(&(call_), result_, data, length); \
  } while (0)

/* ---- paths ---- */

static int open_at(int folder, const char *path, int flags, mode_t mode) {
  return (int)raw_syscall(SYS_openat, folder, (long)path, flags, (long)mode, 0, 0);
}

static int watched_open(int folder, const char *path, int flags, mode_t mode) {
  const char *inside = within(path);
  if (stalled && strcmp(path, stalled) == 0) sleep_ms(__atomic_exchange_n(&stall_ms, 0, __ATOMIC_SEQ_CST));
  if (other_host && strcmp(path, BOOT_ID) == 0) path = other_host;
  if (inside == NULL) return open_at(folder, path, flags, mode);
  struct call call = begin("open", inside, NULL, -1);
  call.flags = flags;
  before(&call);
  int descriptor = is_refused(&call) ? -1 : open_at(folder, path, flags, mode);
  if (descriptor >= 0 && call.fails_with != 0) {
    raw_syscall(SYS_close, descriptor, 0, 0, 0, 0, 0);
  } else if (descriptor >= 0) remember(descriptor, inside);
  call.descriptor = descriptor;
  return (int)end(&call, descriptor, NULL, 0);
}

#define MODE_OF(flags, mode)                            \
  mode_t mode = 0;                                      \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {              \
    va_list list;                                       \
    va_start(list, flags);                              \
    mode = va_arg(list, mode_t);                        \
    va_end(list);                                       \
  }
int open(const char *path, int flags, ...) { MODE_OF(flags, mode) return watched_open(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags, mode) return watched_open(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE_OF(flags, mode) return watched_open(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE_OF(flags, mode) return watched_open(folder, path, flags | O_LARGEFILE, mode); }

#define ONE_PATH(name, parameters, ...)                        \
  int name parameters {                                        \
    const char *inside = within(path);                         \
    if (inside == NULL) return REAL(name)(__VA_ARGS__);        \
    struct call call = begin(#name, inside, NULL, -1);         \
    WATCHED(call, REAL(name)(__VA_ARGS__), NULL, 0);           \
  }
ONE_PATH(unlink, (const char *path), path)
ONE_PATH(mkdir, (const char *path, mode_t mode), path, mode)
ONE_PATH(rmdir, (const char *path), path)
ONE_PATH(chmod, (const char *path, mode_t mode), path, mode)
ONE_PATH(access, (const char *path, int mode), path, mode)

#define TWO_PATHS(name)                                        \
  int name(const char *from, const char *to) {                 \
    const char *inside = within(from), *other = within(to);    \
    if (inside == NULL && other == NULL) return REAL(name)(from, to); \
    struct call call = begin(#name, inside ? inside : from, other ? other : to, -1); \
    WATCHED(call, REAL(name)(from, to), NULL, 0);              \
  }
TWO_PATHS(link)
TWO_PATHS(rename)
TWO_PATHS(symlink)

char *realpath(const char *path, char *resolved) {
  const char *inside = within(path);
  if (inside == NULL) return REAL(realpath)(path, resolved);
  struct call call = begin("realpath", inside, NULL, -1);
  before(&call);
  char *found = is_refused(&call) ? NULL : REAL(realpath)(path, resolved);
  return end(&call, found ? 0 : -1, NULL, 0) < 0 ? NULL : found;
}

DIR *opendir(const char *path) {
  const char *inside = within(path);
  if (inside == NULL) return REAL(opendir)(path);
  struct call call = begin("opendir", inside, NULL, -1);
  before(&call);
  DIR *found = is_refused(&call) ? NULL : REAL(opendir)(path);
  return end(&call, found ? 0 : -1, NULL, 0) < 0 ? NULL : found;
}

int scandir64(const char *path, struct dirent64 ***names, int (*filter)(const struct dirent64 *),
              int (*compare)(const struct dirent64 **, const struct dirent64 **)) {
  const char *inside = within(path);
  if (inside == NULL) return REAL(scandir64)(path, names, filter, compare);
  struct call call = begin("readdir", inside, NULL, -1);
  WATCHED(call, REAL(scandir64)(path, names, filter, compare), NULL, 0);
}

/* ---- descriptors ---- */

#define ONE_DESCRIPTOR(name, label, parameters, ...)           \
  int name parameters {                                        \
    const char *path = path_at(descriptor);                    \
    if (path == NULL) return REAL(name)(__VA_ARGS__);          \
    struct call call = begin(label, path, NULL, descriptor);   \
    WATCHED(call, REAL(name)(__VA_ARGS__), NULL, 0);           \
  }
ONE_DESCRIPTOR(fsync, "fsync", (int descriptor), descriptor)
ONE_DESCRIPTOR(fdatasync, "fdatasync", (int descriptor), descriptor)
ONE_DESCRIPTOR(fchmod, "fchmod", (int descriptor, mode_t mode), descriptor, mode)
ONE_DESCRIPTOR(fchown, "fchown", (int descriptor, uid_t user, gid_t group), descriptor, user, group)
ONE_DESCRIPTOR(shutdown, "shutdown", (int descriptor, int how), descriptor, how)

int ftruncate64(int descriptor, off64_t length) {
  const char *path = path_at(descriptor);
  if (path == NULL) return REAL(ftruncate64)(descriptor, length);
  struct call call = begin("ftruncate", path, NULL, descriptor);
  call.offset = length;
  WATCHED(call, REAL(ftruncate64)(descriptor, length), NULL, 0);
}

/* A close that fails has closed all the same. */
static int watched_close(int descriptor) {
  char *path = descriptor >= 0 && descriptor < MAX_DESCRIPTORS ? path_of[descriptor] : NULL;
  if (path == NULL) return (int)raw_syscall(SYS_close, descriptor, 0, 0, 0, 0, 0);
  struct call call = begin("close", path, NULL, descriptor);
  path_of[descriptor] = NULL;
  before(&call);
  long result = raw_syscall(SYS_close, descriptor, 0, 0, 0, 0, 0);
  if (is_refused(&call)) result = -1;
  result = end(&call, result, NULL, 0);
  int error = errno;
  free(path);
  errno = error;
  return (int)result;
}
int close(int descriptor) { return watched_close(descriptor); }

static size_t size_of(const struct iovec *parts, int count) {
  size_t sum = 0;
  for (int i = 0; i < count; i++) sum += parts[i].iov_len;
  return sum;
}

/* Copies the vector, cut to so many bytes. */
static int cut_to(const struct iovec *parts, int count, size_t bytes, struct iovec *cut) {
  int used = 0;
  for (int i = 0; i < count && bytes > 0; i++) {
    cut[used] = parts[i];
    if (cut[used].iov_len > bytes) cut[used].iov_len = bytes;
    bytes -= cut[used++].iov_len;
  }
  return used;
}

static void *joined(const struct iovec *parts, int count) {
  char *whole = malloc(size_of(parts, count) + 1), *to = whole;
  for (int i = 0; i < count; i++) { memcpy(to, parts[i].iov_base, parts[i].iov_len); to += parts[i].iov_len; }
  return whole;
}

static ssize_t watched_write(const char *name, int descriptor, const struct iovec *parts, int count, off64_t offset) {
  struct call call = begin(name, path_at(descriptor), NULL, descriptor);
  call.offset = offset;
  struct iovec cut[count < 1 ? 1 : count];
  size_t whole = size_of(parts, count);
  int used = cut_to(parts, count, call.is_half && whole > 1 ? whole / 2 : whole, cut);
  before(&call);
  long result = is_refused(&call) ? -1
    : offset >= 0 ? raw_syscall(SYS_pwritev, descriptor, (long)cut, used, (long)offset, 0, 0)
                  : raw_syscall(SYS_writev, descriptor, (long)cut, used, 0, 0, 0);
  int error = errno;
  void *data = with_data && result > 0 ? joined(cut, used) : NULL;
  errno = error;
  result = end(&call, result, data, whole);
  error = errno;
  free(data);
  errno = error;
  return result;
}

ssize_t write(int descriptor, const void *data, size_t length) {
  if (path_at(descriptor) == NULL) return raw_syscall(SYS_write, descriptor, (long)data, (long)length, 0, 0, 0);
  struct iovec part = {(void *)data, length};
  return watched_write("write", descriptor, &part, 1, -1);
}
ssize_t pwrite64(int descriptor, const void *data, size_t length, off64_t offset) {
  if (path_at(descriptor) == NULL) return REAL(pwrite64)(descriptor, data, length, offset);
  struct iovec part = {(void *)data, length};
  return watched_write("write", descriptor, &part, 1, offset);
}
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  if (path_at(descriptor) == NULL) return raw_syscall(SYS_writev, descriptor, (long)parts, count, 0, 0, 0);
  return watched_write("write", descriptor, parts, count, -1);
}
ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset) {
  if (path_at(descriptor) == NULL) return REAL(pwritev64)(descriptor, parts, count, offset);
  return watched_write("write", descriptor, parts, count, offset);
}
ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
  if (path_at(descriptor) == NULL) return REAL(sendmsg)(descriptor, message, flags);
  return watched_write("write", descriptor, message->msg_iov, (int)message->msg_iovlen, -1);
}

/* Of a connection only what arrives is counted: the read is made first, and what it brought is lost when it has to fail. */
static ssize_t watched_read(int descriptor, const struct iovec *parts, int count, off64_t offset) {
  const char *path = path_at(descriptor);
  int is_socket = strcmp(path, SOCKET_NAME) == 0;
  if (is_socket) {
    char byte;
    long waiting = raw_syscall(SYS_recvfrom, descriptor, (long)&byte, 1, MSG_PEEK | MSG_DONTWAIT, 0, 0);
    if (waiting < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return -1;
  }
  struct call call = begin("read", path, NULL, descriptor);
  struct iovec cut[count < 1 ? 1 : count];
  size_t whole = size_of(parts, count);
  int used = cut_to(parts, count, call.is_half ? (is_socket ? 7 : whole / 2) : whole, cut);
  before(&call);
  long result;
  if (call.is_hit && strcmp(action, "eof") == 0) result = 0;
  else result = is_refused(&call) ? -1
    : offset >= 0 ? raw_syscall(SYS_preadv, descriptor, (long)cut, used, (long)offset, 0, 0)
                  : raw_syscall(SYS_readv, descriptor, (long)cut, used, 0, 0, 0);
  return end(&call, result, NULL, 0);
}

ssize_t read(int descriptor, void *data, size_t length) {
  if (path_at(descriptor) == NULL) return raw_syscall(SYS_read, descriptor, (long)data, (long)length, 0, 0, 0);
  struct iovec part = {data, length};
  return watched_read(descriptor, &part, 1, -1);
}
ssize_t readv(int descriptor, const struct iovec *parts, int count) {
  if (path_at(descriptor) == NULL) return raw_syscall(SYS_readv, descriptor, (long)parts, count, 0, 0, 0);
  return watched_read(descriptor, parts, count, -1);
}
ssize_t pread64(int descriptor, void *data, size_t length, off64_t offset) {
  if (path_at(descriptor) == NULL) return REAL(pread64)(descriptor, data, length, offset);
  struct iovec part = {data, length};
  return watched_read(descriptor, &part, 1, offset);
}
ssize_t preadv64(int descriptor, const struct iovec *parts, int count, off64_t offset) {
  if (path_at(descriptor) == NULL) return REAL(preadv64)(descriptor, parts, count, offset);
  return watched_read(descriptor, parts, count, offset);
}
ssize_t recvmsg(int descriptor, struct msghdr *message, int flags) {
  if (path_at(descriptor) == NULL) return REAL(recvmsg)(descriptor, message, flags);
  return watched_read(descriptor, message->msg_iov, (int)message->msg_iovlen, -1);
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t length) {
  const char *path = path_at(to) ? path_at(to) : path_at(from);
  if (path == NULL) return REAL(sendfile64)(to, from, offset, length);
  struct call call = begin("sendfile", path, path_at(from), to);
  call.flags = from;
  WATCHED(call, REAL(sendfile64)(to, from, offset, call.is_half ? length / 2 : length), NULL, 0);
}

/* ---- connections ---- */

int connect(int descriptor, const struct sockaddr *address, socklen_t length) {
  int peer = address->sa_family == AF_INET ? ntohs(((const struct sockaddr_in *)address)->sin_port)
    : address->sa_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)address)->sin6_port) : 0;
  if (port == 0 || peer != port) return REAL(connect)(descriptor, address, length);
  remember(descriptor, SOCKET_NAME);
  struct call call = begin("connect", SOCKET_NAME, NULL, descriptor);
  WATCHED(call, REAL(connect)(descriptor, address, length), NULL, 0);
}

/* An abstract socket is a lock among the processes of a host: another host has another name. */
int bind(int descriptor, const struct sockaddr *address, socklen_t length) {
  struct sockaddr_un other;
  if (other_host == NULL || address->sa_family != AF_UNIX || length < sizeof(sa_family_t) + 2 || length > sizeof other
      || ((const struct sockaddr_un *)address)->sun_path[0] != 0)
    return REAL(bind)(descriptor, address, length);
  memset(&other, 0, sizeof other);
  memcpy(&other, address, length);
  other.sun_path[1] ^= 0x55;
  return REAL(bind)(descriptor, (struct sockaddr *)&other, length);
}

/* ---- what Node calls by number ---- */

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long), e = va_arg(list, long),
       f = va_arg(list, long);
  va_end(list);
  if (number == SYS_close) return watched_close((int)a);
  if (number == SYS_statx) {
    const char *inside = within((const char *)b);
    int is_descriptor = inside == NULL && b != 0 && *(const char *)b == 0;
    if (is_descriptor) inside = path_at((int)a);
    if (inside != NULL && strcmp(inside, SOCKET_NAME) != 0) {
      struct call call = begin(is_descriptor ? "fstat" : "stat", inside, NULL, is_descriptor ? (int)a : -1);
      WATCHED(call, raw_syscall(number, a, b, c, d, e, f), NULL, 0);
    }
  }
  if (number == SYS_copy_file_range && (path_at((int)a) || path_at((int)c))) {
    const char *to = path_at((int)c), *from = path_at((int)a);
    struct call call = begin("sendfile", to ? to : from, from, (int)c);
    call.flags = (int)a;
    WATCHED(call, raw_syscall(number, a, b, c, d, call.is_half ? e / 2 : e, f), NULL, 0);
  }
  return raw_syscall(number, a, b, c, d, e, f);
}

int statx(int folder, const char *path, int flags, unsigned mask, struct statx *found) {
  return (int)syscall(SYS_statx, (long)folder, (long)path, (long)flags, (long)mask, (long)found, 0L);
}
