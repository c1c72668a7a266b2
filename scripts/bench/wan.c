/*
 * A wide-area path in user space: carries IP packets between two TUN devices, each in a network namespace of its own,
 * and gives them delay, a rate, a bounded queue that drops what does not fit, and loss.
 *
 *     wan NEAR FAR DELAY_MS RATE_MBIT QUEUE_KIB [MTU [NUMBER]]
 *
 * NEAR and FAR are names of namespaces (`ip netns add`); their ends of path NUMBER (0 unless given) are 10.99.NUMBER.1
 * and 10.99.NUMBER.2 on wanNUMBER. All figures hold for each direction by itself. It runs ahead of all other programs:
 * a packet that comes late because the machine is busy is what no path does, and BBR takes it for a faster one. It
 * prints "ready", and then obeys lines on standard input:
 *
 *     down [ab|ba]       loses everything, what is under way included: both ways, or one (ab is near to far)
 *     up [ab|ba]         the reverse
 *     loss PERCENT       loses packets at random
 *     delay MS           from now on
 *     rate MBIT          from now on
 *     gather MS [ab|ba]  holds what comes and lets it through in bursts, as some radio links do; 0 ends that
 *     stat               prints how many packets went through and were dropped
 *     quit
 *
 * Needs Linux, root and /dev/net/tun. Build: cc -O2 -o wan wan.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* What is sent at once waits in the device's queue, so that only the path itself drops packets. */
enum { DEVICE_PACKETS = 1 << 14 };
enum { SLOTS = 1 << 16, LARGEST_PACKET = 1 << 16, READS_IN_A_ROW = 64, NEAR_TO_FAR = 0, FAR_TO_NEAR = 1 };

struct packet {
  double due; /* leaves the path at this time, in seconds */
  int length;
  unsigned char *bytes;
};

/* One direction: a ring of packets in order of departure. */
struct direction {
  struct packet ring[SLOTS];
  unsigned first, end;
  double busy_until; /* the bottleneck sends what is queued until then, in seconds */
  int is_down;
  double gather_s;
  long passed, dropped;
};

static struct direction directions[2];
static double delay_s, bits_per_s, queue_bytes, loss_percent;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* Makes this end's device in a namespace, which this process is in from then on. */
static int open_device(const char *namespace, int number, int host, int mtu) {
  char path[256], command[256];
  snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
  int file = open(path, O_RDONLY);
  if (file < 0 || setns(file, CLONE_NEWNET)) fail(path);
  close(file);

  struct ifreq request = {0};
  snprintf(request.ifr_name, sizeof request.ifr_name, "wan%d", number);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (device < 0 || ioctl(device, TUNSETIFF, &request)) fail("/dev/net/tun");
  const char *setup = "ip addr add 10.99.%d.%d/24 dev wan%d && ip link set wan%d mtu %d txqueuelen %d up && "
                      "ip link set lo up";
  snprintf(command, sizeof command, setup, number, host, number, number, mtu, DEVICE_PACKETS);
  if (system(command)) exit(1);
  return device;
}

/* Queues a packet, or drops it. */
static void take(struct direction *path, const unsigned char *bytes, int length) {
  double time = now();
  if (path->busy_until < time) path->busy_until = time;
  int is_lost = loss_percent > 0 && drand48() * 100 < loss_percent;
  int is_full = (path->busy_until - time) * bits_per_s / 8 > queue_bytes || path->end - path->first >= SLOTS;
  if (path->is_down || is_lost || is_full) {
    path->dropped++;
    return;
  }
  path->busy_until += length * 8 / bits_per_s;
  struct packet *packet = &path->ring[path->end++ % SLOTS];
  packet->due = path->busy_until + delay_s;
  if (path->gather_s > 0) packet->due = ((long long)(packet->due / path->gather_s) + 1) * path->gather_s;
  packet->length = length;
  packet->bytes = malloc(length);
  if (packet->bytes == NULL) fail("malloc");
  memcpy(packet->bytes, bytes, length);
}

/* Hands over what is due. Returns when to look again, at most `latest`. */
static double deliver(struct direction *path, int device, double latest) {
  double time = now();
  while (path->first != path->end) {
    struct packet *packet = &path->ring[path->first % SLOTS];
    if (packet->due > time) return packet->due < latest ? packet->due : latest;
    if (write(device, packet->bytes, packet->length) < 0) path->dropped++;
    else path->passed++;
    free(packet->bytes);
    path->first++;
  }
  return latest;
}

static void lose_all(struct direction *path) {
  for (; path->first != path->end; path->first++, path->dropped++) free(path->ring[path->first % SLOTS].bytes);
}

/* Whether a word names a direction; none names both. */
static int names(const char *word, int direction) {
  return *word == 0 || strcmp(word, direction == NEAR_TO_FAR ? "ab" : "ba") == 0;
}

static void set_down(int is_down, const char *which) {
  for (int i = 0; i < 2; i++) {
    if (!names(which, i)) continue;
    directions[i].is_down = is_down;
    if (is_down) lose_all(&directions[i]);
  }
}

static void gather(double seconds, const char *which) {
  for (int i = 0; i < 2; i++) if (names(which, i)) directions[i].gather_s = seconds;
}

static void print_counts(void) {
  const struct direction *ab = &directions[NEAR_TO_FAR], *ba = &directions[FAR_TO_NEAR];
  printf("ab sent %ld dropped %ld ba sent %ld dropped %ld\n", ab->passed, ab->dropped, ba->passed, ba->dropped);
  fflush(stdout);
}

static void obey(const char *line) {
  char verb[16] = "", argument[16] = "", which[16] = "";
  sscanf(line, "%15s %15s %15s", verb, argument, which);
  double value = atof(argument);
  if (strcmp(verb, "down") == 0) set_down(1, argument);
  else if (strcmp(verb, "up") == 0) set_down(0, argument);
  else if (strcmp(verb, "loss") == 0) loss_percent = value;
  else if (strcmp(verb, "delay") == 0) delay_s = value / 1e3;
  else if (strcmp(verb, "rate") == 0) bits_per_s = value * 1e6;
  else if (strcmp(verb, "gather") == 0) gather(value / 1e3, which);
  else if (strcmp(verb, "stat") == 0) print_counts();
  else if (strcmp(verb, "quit") == 0) exit(0);
  else fprintf(stderr, "wan: unknown line: %s\n", line);
}

/* Reads lines and obeys them. Returns whether there may be more. */
static int obey_input(void) {
  char text[512];
  ssize_t count = read(STDIN_FILENO, text, sizeof text - 1);
  if (count <= 0) return 0;
  text[count] = 0;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) obey(line);
  return 1;
}

static void carry(const int devices[2]) {
  static unsigned char bytes[LARGEST_PACKET];
  int has_input = 1;
  for (;;) {
    double next = now() + 0.5;
    for (int i = 0; i < 2; i++) next = deliver(&directions[i], devices[!i], next);

    struct pollfd files[3] = {
      {devices[0], POLLIN, 0}, {devices[1], POLLIN, 0}, {has_input ? STDIN_FILENO : -1, POLLIN, 0}
    };
    double wait_s = next - now();
    struct timespec wait = {0, wait_s > 0 ? (long)(wait_s * 1e9) : 0};
    ppoll(files, 3, &wait, NULL);
    for (int i = 0; i < 2; i++) {
      if (!(files[i].revents & POLLIN)) continue;
      for (int n = 0; n < READS_IN_A_ROW; n++) {
        int length = read(devices[i], bytes, sizeof bytes);
        if (length <= 0) break;
        take(&directions[i], bytes, length);
      }
    }
    if (files[2].revents) has_input = obey_input();
  }
}

/* From here on this process runs as soon as there is something to do, before the programs that were started with it. */
static void run_first(void) {
  struct sched_param parameters;
  if (sched_getparam(0, &parameters)) fail("sched_getparam");
  int highest = sched_get_priority_max(SCHED_FIFO);
  if (parameters.sched_priority < highest) parameters.sched_priority++;
  if (sched_setscheduler(0, SCHED_FIFO, &parameters)) perror("wan: no real-time priority, delays are not exact");
}

int main(int count, char **arguments) {
  if (count < 6 || count > 8) {
    fprintf(stderr, "usage: wan NEAR FAR DELAY_MS RATE_MBIT QUEUE_KIB [MTU [NUMBER]]\n");
    return 2;
  }
  delay_s = atof(arguments[3]) / 1e3;
  bits_per_s = atof(arguments[4]) * 1e6;
  queue_bytes = atof(arguments[5]) * 1024;
  int mtu = count > 6 ? atoi(arguments[6]) : 1500;
  int number = count > 7 ? atoi(arguments[7]) : 0;
  if (!(delay_s >= 0) || !(bits_per_s > 0) || !(queue_bytes > 0) || mtu < 68 || number < 0 || number > 255) {
    fprintf(stderr, "wan: a delay, a rate, a queue, an MTU or a number is out of range\n");
    return 2;
  }
  int devices[2];
  devices[0] = open_device(arguments[1], number, 1, mtu);
  devices[1] = open_device(arguments[2], number, 2, mtu);
  /* Else every run would lose the same packets. */
  srand48(time(NULL) ^ (long)getpid() << 8);
  run_first();
  printf("ready\n");
  fflush(stdout);
  carry(devices);
}
