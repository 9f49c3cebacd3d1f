/*
 * Preloaded into a program, does to one of its syncs what SYNC_FAULT says: "kill-before 12" ends the
 * process when it asks for its 12th sync, "kill-after 12" when that has been done, "fail 12" lets it
 * fail with EIO, without having been done. Files and folders are counted together, from 1.
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
static int wanted;

__attribute__((constructor)) static void prepare(void) {
  const char *fault = getenv("SYNC_FAULT");
  if (fault == NULL || sscanf(fault, "%15s %d", verb, &wanted) != 2) wanted = 0;
}

static int sync_with(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  if (atomic_fetch_add(&asked, 1) + 1 != wanted) return real(fd);
  if (strcmp(verb, "kill-before") == 0) kill(getpid(), SIGKILL);
  if (strcmp(verb, "fail") == 0) {
    errno = EIO;
    return -1;
  }
  int done = real(fd);
  if (strcmp(verb, "kill-after") == 0) kill(getpid(), SIGKILL);
  return done;
}

int fsync(int fd) { return sync_with("fsync", fd); }

int fdatasync(int fd) { return sync_with("fdatasync", fd); }
