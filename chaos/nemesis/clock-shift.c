/*
 * Preloaded into a program, shifts its clock on the wall by as many milliseconds as the file CLOCK_SHIFT
 * says, eight bytes in the machine's own order, from the moment on at which they are written there. The
 * clock that intervals are measured by is left alone, as a time server that jumps leaves it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *said;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void prepare(void) {
  real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  const char *path = getenv("CLOCK_SHIFT");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *seen = mmap(NULL, sizeof *said, PROT_READ, MAP_SHARED, file, 0);
  if (seen != MAP_FAILED) said = seen;
  close(file);
}

static int64_t shift_ms(void) { return said == NULL ? 0 : *said; }

int clock_gettime(clockid_t clock, struct timespec *t) {
  if (real == NULL) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int done = real(clock, t);
  if (done != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return done;
  int64_t ns = (int64_t)t->tv_nsec + shift_ms() % 1000 * 1000000;
  t->tv_sec += shift_ms() / 1000 + (ns >= 1000000000) - (ns < 0);
  t->tv_nsec = ns >= 1000000000 ? ns - 1000000000 : ns < 0 ? ns + 1000000000 : ns;
  return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
  struct timespec found;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &found) != 0) return -1;
  t->tv_sec = found.tv_sec;
  t->tv_usec = found.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *t) {
  struct timespec found;
  clock_gettime(CLOCK_REALTIME, &found);
  if (t != NULL) *t = found.tv_sec;
  return found.tv_sec;
}
