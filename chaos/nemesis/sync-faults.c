/*
 * Preloaded into a program, does to one of its syncs what SYNC_FAULT says: "kill-before 12" ends the
 * process when it asks for its 12th sync, "kill-after 12" when that has been done, "fail 12" lets it
 * fail with EIO, without having been done, and says so. Files and folders are counted together, from
 * 1; "fail 12 /log" counts only those whose path has that in it.
 *
 * SYNC_FAULT_FILE names a file that says it instead, and may say so at any time: what is written there
 * strikes the next sync ("fail", "kill-before", "kill-after"), or holds every sync up ("slow 300", in
 * milliseconds); while there is no such file nothing happens.
 *
 * A write to a file that was opened with O_DSYNC is a sync as well. Killed before it, about the first half
 * of it is there, in whole pages, as a kernel may leave it; one that fails is there all the same, which
 * its program cannot know.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int asked;
static _Thread_local char verb[16];
static char said[16];
static char within[256];
static int wanted;

__attribute__((constructor)) static void prepare(void) {
  const char *fault = getenv("SYNC_FAULT");
  if (fault == NULL || sscanf(fault, "%15s %d %255s", said, &wanted, within) < 2) wanted = 0;
}

/* What the file says at this moment; a sync that is held up is not struck. */
static int is_struck_now(const char *path) {
  int number = 0;
  FILE *file = fopen(path, "re");
  if (file == NULL) return 0;
  int found = fscanf(file, "%15s %d", verb, &number);
  fclose(file);
  if (found < 1) return 0;
  if (strcmp(verb, "slow") != 0) return 1;
  usleep(number * 1000);
  return 0;
}

static int is_meant(int fd) {
  char link[32], path[4096];
  if (within[0] == '\0') return 1;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return strstr(path, within) != NULL;
}

/* Counts it, and says whether it is the one. */
static int is_struck(int fd) {
  const char *path = getenv("SYNC_FAULT_FILE");
  if (path != NULL) return is_struck_now(path);
  strcpy(verb, said);
  return is_meant(fd) && atomic_fetch_add(&asked, 1) + 1 == wanted;
}

static int is_verb(const char *name) { return strcmp(verb, name) == 0; }

static void tell(void) {
  dprintf(2, "sync %d fails\n", wanted);
  errno = EIO;
}

static int sync_with(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  if (!is_struck(fd)) return real(fd);
  if (is_verb("kill-before")) kill(getpid(), SIGKILL);
  if (is_verb("fail")) {
    tell();
    return -1;
  }
  int done = real(fd);
  if (is_verb("kill-after")) kill(getpid(), SIGKILL);
  return done;
}

int fsync(int fd) { return sync_with("fsync", fd); }

int fdatasync(int fd) { return sync_with("fdatasync", fd); }

typedef ssize_t (*pwritev_t)(int, const struct iovec *, int, off64_t);

static ssize_t write_with(int fd, const struct iovec *parts, int count, off64_t offset) {
  pwritev_t real = (pwritev_t)dlsym(RTLD_NEXT, "pwritev64");
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_DSYNC) == 0 || !is_struck(fd)) return real(fd, parts, count, offset);
  if (is_verb("kill-before")) {
    off64_t end = (offset + (off64_t)parts[0].iov_len / 2) / 4096 * 4096;
    struct iovec half = {parts[0].iov_base, end > offset ? end - offset : 0};
    real(fd, &half, 1, offset);
    kill(getpid(), SIGKILL);
  }
  ssize_t done = real(fd, parts, count, offset);
  if (is_verb("kill-after")) kill(getpid(), SIGKILL);
  if (!is_verb("fail")) return done;
  tell();
  return -1;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  return write_with(fd, parts, count, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return write_with(fd, parts, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  struct iovec part = {(void *)bytes, length};
  return write_with(fd, &part, 1, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}
