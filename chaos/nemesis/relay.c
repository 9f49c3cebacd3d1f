/*
 * relay DEVICE DELAY JITTER LOSS REPEAT: a tunnel that brings each packet back after DELAY milliseconds
 * and up to JITTER more by lot, so that packets overtake each other; of a hundred, LOSS are never seen
 * again and REPEAT come twice. Says "up" when packets may come. A queue that is full loses what comes.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 65536
#define WAITING_MAX 16384

struct packet {
  double due;
  size_t length;
  unsigned char *bytes;
};

static struct packet *waiting[WAITING_MAX];
static int count;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* The first of the heap is due first. */
static void put(struct packet *packet) {
  int at = count++;
  for (; at > 0 && waiting[(at - 1) / 2]->due > packet->due; at = (at - 1) / 2)
    waiting[at] = waiting[(at - 1) / 2];
  waiting[at] = packet;
}

static struct packet *take(void) {
  struct packet *first = waiting[0], *last = waiting[--count];
  int at = 0;
  for (int child = 1; child < count; at = child, child = 2 * at + 1) {
    if (child + 1 < count && waiting[child + 1]->due < waiting[child]->due) child++;
    if (waiting[child]->due >= last->due) break;
    waiting[at] = waiting[child];
  }
  waiting[at] = last;
  return first;
}

static void keep(const unsigned char *bytes, size_t length, double due) {
  if (count == WAITING_MAX) return;
  struct packet *packet = malloc(sizeof *packet + length);
  if (packet == NULL) return;
  packet->due = due;
  packet->length = length;
  packet->bytes = (unsigned char *)(packet + 1);
  memcpy(packet->bytes, bytes, length);
  put(packet);
}

static int open_tunnel(const char *name) {
  int tunnel = open("/dev/net/tun", O_RDWR);
  struct ifreq wish = {0};
  wish.ifr_flags = IFF_TUN | IFF_NO_PI;
  strncpy(wish.ifr_name, name, IFNAMSIZ - 1);
  if (tunnel < 0 || ioctl(tunnel, TUNSETIFF, &wish) < 0) return -1;
  int control = socket(AF_INET, SOCK_DGRAM, 0);
  wish.ifr_flags = IFF_UP | IFF_RUNNING;
  int done = ioctl(control, SIOCSIFFLAGS, &wish);
  close(control);
  return done < 0 ? -1 : tunnel;
}

int main(int given, char **argument) {
  if (given != 6) return 2;
  double delay = atof(argument[2]), jitter = atof(argument[3]);
  double loss = atof(argument[4]) / 100, repeat = atof(argument[5]) / 100;
  int tunnel = open_tunnel(argument[1]);
  if (tunnel < 0) return perror("relay"), 1;
  srand48(getpid());
  puts("up");
  fflush(stdout);
  static unsigned char bytes[PACKET_MAX];
  for (;;) {
    int wait = -1;
    if (count > 0) {
      double left = waiting[0]->due - now();
      wait = left <= 0 ? 0 : (int)left + 1;
    }
    struct pollfd source = {tunnel, POLLIN, 0};
    if (poll(&source, 1, wait) > 0) {
      ssize_t length = read(tunnel, bytes, sizeof bytes);
      if (length < 0) return perror("relay"), 1;
      if (drand48() >= loss) {
        keep(bytes, length, now() + delay + drand48() * jitter);
        if (drand48() < repeat) keep(bytes, length, now() + delay + drand48() * jitter);
      }
    }
    while (count > 0 && waiting[0]->due <= now()) {
      struct packet *packet = take();
      if (write(tunnel, packet->bytes, packet->length) < 0) { /* As a router does: lost. */ }
      free(packet);
    }
  }
}
