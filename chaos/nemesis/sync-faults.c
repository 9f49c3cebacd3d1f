/*
 * Preloaded into a program, does to one of its syncs what SYNC_FAULT says: "kill-before 12" ends the
 * process when it asks for its 12th sync, "kill-after 12" when that has been done, "fail 12" lets it
 * fail with EIO, without having been done, and says so. Files and folders are counted together, from
 * 1; "fail 12 /log" counts only those whose path has that in it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int asked;
static char verb[16];
static char within[256];
static int wanted;

__attribute__((constructor)) static void prepare(void) {
  const char *fault = getenv("SYNC_FAULT");
  if (fault == NULL || sscanf(fault, "%15s %d %255s", verb, &wanted, within) < 2) wanted = 0;
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

static int sync_with(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  if (!is_meant(fd)) return real(fd);
  if (atomic_fetch_add(&asked, 1) + 1 != wanted) return real(fd);
  if (strcmp(verb, "kill-before") == 0) kill(getpid(), SIGKILL);
  if (strcmp(verb, "fail") == 0) {
    dprintf(2, "sync %d fails\n", wanted);
    errno = EIO;
    return -1;
  }
  int done = real(fd);
  if (strcmp(verb, "kill-after") == 0) kill(getpid(), SIGKILL);
  return done;
}

int fsync(int fd) { return sync_with("fsync", fd); }

int fdatasync(int fd) { return sync_with("fdatasync", fd); }
