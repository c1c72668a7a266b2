/* The user's programs of the bench: quick enough that they are not what is measured.
 *
 *   load serve HOST PORT                  a server: a connection whose first byte is 'e' gets everything back; one
 *                                         whose first byte is 'd' gets as much as it takes; one whose first byte is
 *                                         's' is drained, "so far BYTES SECONDS" is printed now and then, and
 *                                         "sink BYTES SECONDS" when it ends
 *   load ping HOST PORT SECONDS           64 bytes and back again and again on one connection; microseconds
 *   load first HOST PORT COUNT            64 bytes and back on a new connection, COUNT times; milliseconds
 *   load flood HOST PORT SECONDS          sends as fast as it can
 *   load push HOST PORT BYTES             sends that much: how long it took until the server had all, in seconds
 *   load type HOST PORT SECONDS EVERY_MS  64 bytes each EVERY_MS, which come back: percentiles of all, the 99th of the
 *                                         second half, and the longest time without an answer; milliseconds
 *   load fetch HOST PORT SECONDS SKIP     takes as much as comes, which counts when SKIP seconds are over: bytes, and
 *                                         the longest time without one, in milliseconds
 *
 * load_main.ts does the first three of a client where there is no compiler. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_SAMPLES 4000000
#define MOST_KEYS 100000
#define MESSAGE_BYTES 64
/* Between two connections, so that the end of one is over when the next begins: else ssh's Nagle delays that one. */
#define REST_MS 300
/* What comes this early is warming up: this part of the time is not counted. */
#define WARM_PART 0.1
/* The stillness of keys counts from then on. */
#define WARM_S 1
/* Keys that were typed are waited for this long at most. */
#define ANSWER_S 60
/* Between two lines about one upload. */
#define TELL_S 0.25

static char buffer[256 * 1024];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in address(const char *host, const char *port) {
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
  if (inet_pton(AF_INET, host, &a.sin_addr) != 1) { fprintf(stderr, "not an IPv4 address: %s\n", host); exit(1); }
  return a;
}

static void no_delay(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int dial(const char *host, const char *port) {
  struct sockaddr_in a = address(host, port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&a, sizeof a)) fail("connect");
  no_delay(fd);
  return fd;
}

static int write_all(int fd, const char *data, long bytes) {
  while (bytes > 0) {
    long n = write(fd, data, bytes);
    if (n <= 0) return 0;
    data += n;
    bytes -= n;
  }
  return 1;
}

static double round_trip(int fd) {
  char message[MESSAGE_BYTES];
  memset(message, 'e', sizeof message);
  double start = now();
  if (!write_all(fd, message, sizeof message)) fail("write");
  for (int got = 0; got < MESSAGE_BYTES;) {
    long n = read(fd, message, sizeof message - got);
    if (n == 0) { fprintf(stderr, "the connection ended\n"); exit(1); }
    if (n < 0) fail("read");
    got += n;
  }
  return now() - start;
}

static void tell(const char *what, double bytes, double seconds) {
  printf("%s %.0f %.6f\n", what, bytes, seconds);
  fflush(stdout);
}

static void answer(int fd) {
  double bytes = 0, first = 0, last = 0, told = 0;
  char kind = 0;
  for (long n; (n = read(fd, buffer, sizeof buffer)) > 0;) {
    last = now();
    if (!kind) { kind = buffer[0]; first = told = last; }
    bytes += n;
    if (kind == 'd') while (write_all(fd, buffer, sizeof buffer));
    else if (kind != 's' && !write_all(fd, buffer, n)) break;
    else if (kind == 's' && last - told >= TELL_S) tell("so far", bytes, (told = last) - first);
  }
  if (kind == 's') tell("sink", bytes, last - first);
}

/* Each connection has a process of its own. */
static void serve(const char *host, const char *port) {
  struct sockaddr_in a = address(host, port);
  int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 1024)) fail("listen");
  signal(SIGCHLD, SIG_IGN);
  for (;;) {
    int fd = accept(listener, 0, 0);
    if (fd < 0) continue;
    if (fork() == 0) {
      close(listener);
      no_delay(fd);
      answer(fd);
      exit(0);
    }
    close(fd);
  }
}

static int less(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

/* By the nearest rank. Sorts the samples. */
static double percentile(double *samples, long count, int percent) {
  qsort(samples, count, sizeof *samples, less);
  return samples[(count * percent + 99) / 100 - 1];
}

static void ping(int fd, double seconds) {
  double *samples = malloc(MOST_SAMPLES * sizeof *samples), start = now();
  long count = 0, all = 0;
  while (count < MOST_SAMPLES) {
    double t = round_trip(fd), after = now() - start;
    all++;
    if (after >= seconds * WARM_PART || after >= seconds) samples[count++] = t * 1e6;
    if (after >= seconds) break;
  }
  double p50 = percentile(samples, count, 50), p99 = percentile(samples, count, 99);
  printf("{\"all\":%ld,\"count\":%ld,\"p50\":%.3f,\"p99\":%.3f}\n", all, count, p50, p99);
}

/* Whether there is something to read before `end`. */
static int readable(int fd, double end) {
  double wait = end - now();
  struct pollfd file = { .fd = fd, .events = POLLIN };
  struct timespec limit = { .tv_sec = wait > 0 ? wait : 0 };
  if (wait > 0) limit.tv_nsec = (wait - limit.tv_sec) * 1e9;
  return ppoll(&file, 1, &limit, NULL) > 0;
}

/* Keys do not wait for the answers to those before them. One that has none at the end has waited until then. */
static void type(int fd, double seconds, double every) {
  static double sent[MOST_KEYS], took[MOST_KEYS];
  char message[MESSAGE_BYTES];
  memset(message, 'e', sizeof message);
  long keys = 0, most = seconds / every, bytes = 0;
  double start = now(), last = start + WARM_S, still = 0;
  if (most > MOST_KEYS) most = MOST_KEYS;
  for (double time = start; keys < most || (bytes / MESSAGE_BYTES < keys && time < start + seconds + ANSWER_S); time = now()) {
    double next = keys < most ? start + keys * every : start + seconds + ANSWER_S;
    if (keys < most && time >= next) {
      if (!write_all(fd, message, sizeof message)) fail("write");
      sent[keys++] = next;
      continue;
    }
    if (!readable(fd, next)) continue;
    long n = read(fd, buffer, MESSAGE_BYTES * keys - bytes);
    if (n == 0) { fprintf(stderr, "the connection ended\n"); exit(1); }
    if (n < 0) fail("read");
    time = now();
    if (time - last > still) still = time - last;
    if (time > last) last = time;
    for (long key = bytes / MESSAGE_BYTES; key < (bytes + n) / MESSAGE_BYTES; key++) took[key] = time - sent[key];
    bytes += n;
  }
  double end = now();
  if (bytes / MESSAGE_BYTES < keys && end - last > still) still = end - last;
  for (long key = bytes / MESSAGE_BYTES; key < keys; key++) took[key] = end - sent[key];
  double late = percentile(took + keys / 2, keys - keys / 2, 99);
  double p99 = percentile(took, keys, 99);
  printf("{\"count\":%ld,\"p50\":%.3f,\"p99\":%.3f,\"late\":%.3f,\"still\":%.3f}\n", keys,
    percentile(took, keys, 50) * 1e3, p99 * 1e3, late * 1e3, still * 1e3);
}

static void fetch(int fd, double seconds, double skipped) {
  double begin = now() + skipped, end = begin + seconds, last = begin, still = 0, bytes = 0;
  if (!write_all(fd, "d", 1)) fail("write");
  while (readable(fd, end)) {
    long n = read(fd, buffer, sizeof buffer);
    if (n == 0) { fprintf(stderr, "the connection ended\n"); exit(1); }
    if (n < 0) fail("read");
    double time = now();
    if (time >= end) break;
    if (time < begin) continue;
    bytes += n;
    if (time - last > still) still = time - last;
    last = time;
  }
  if (end - last > still) still = end - last;
  printf("{\"bytes\":%.0f,\"seconds\":%.3f,\"still\":%.3f}\n", bytes, seconds, still * 1e3);
}

static void push(int fd, double bytes) {
  double start = now();
  memset(buffer, 's', sizeof buffer);
  for (double left = bytes; left > 0; left -= sizeof buffer) {
    if (!write_all(fd, buffer, left < sizeof buffer ? left : sizeof buffer)) fail("write");
  }
  shutdown(fd, SHUT_WR);
  /* The server closes when it has all. */
  while (read(fd, buffer, sizeof buffer) > 0);
  printf("{\"seconds\":%.3f}\n", now() - start);
}

static void first(const char *host, const char *port, double times) {
  for (int i = 0; i < times; i++) {
    double start = now();
    int fd = dial(host, port);
    round_trip(fd);
    printf("%.3f\n", (now() - start) * 1e3);
    close(fd);
    usleep(REST_MS * 1000);
  }
}

static void flood(int fd, double seconds) {
  double start = now();
  memset(buffer, 's', sizeof buffer);
  while (now() - start < seconds) if (!write_all(fd, buffer, sizeof buffer)) fail("write");
  shutdown(fd, SHUT_WR);
  while (read(fd, buffer, sizeof buffer) > 0);
}

int main(int count, char **words) {
  const char *command = count > 1 ? words[1] : "";
  if (count == 4 && !strcmp(command, "serve")) serve(words[2], words[3]);
  double number = count > 4 ? atof(words[4]) : 0, other = count > 5 ? atof(words[5]) : 0;
  if (count == 5 && !strcmp(command, "ping")) ping(dial(words[2], words[3]), number);
  else if (count == 5 && !strcmp(command, "first")) first(words[2], words[3], number);
  else if (count == 5 && !strcmp(command, "flood")) flood(dial(words[2], words[3]), number);
  else if (count == 5 && !strcmp(command, "push")) push(dial(words[2], words[3]), number);
  else if (count == 6 && !strcmp(command, "type")) type(dial(words[2], words[3]), number, other / 1e3);
  else if (count == 6 && !strcmp(command, "fetch")) fetch(dial(words[2], words[3]), number, other);
  else {
    fprintf(stderr, "usage: load serve|ping|first|flood|push|type|fetch HOST PORT [NUMBER [NUMBER]]\n");
    return 2;
  }
  return 0;
}
