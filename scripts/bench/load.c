/* The user's programs of the bench: quick enough that they are not what is measured.
 *
 *   load serve HOST PORT            a server: a connection whose first byte is 'e' gets everything back; one whose
 *                                   first byte is 's' is drained, and when it ends "sink BYTES SECONDS" is printed
 *   load ping HOST PORT SECONDS     64 bytes and back again and again on one connection; microseconds
 *   load first HOST PORT COUNT      64 bytes and back on a new connection, COUNT times; milliseconds
 *   load flood HOST PORT SECONDS    sends as fast as it can
 *
 * load_main.ts does the same where there is no compiler. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_CONNECTIONS 1024
#define MOST_SAMPLES 4000000
#define MESSAGE_BYTES 64
/* Between two connections, so that the end of one is over when the next begins: else ssh's Nagle delays that one. */
#define REST_MS 300
/* What comes this early is warming up: this part of the time is not counted. */
#define WARM_PART 0.1

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

static void serve(const char *host, const char *port) {
  static struct pollfd all[MOST_CONNECTIONS];
  static struct { char kind; double bytes, first, last; } state[MOST_CONNECTIONS];
  struct sockaddr_in a = address(host, port);
  int on = 1, count = 1;
  all[0].fd = socket(AF_INET, SOCK_STREAM, 0);
  all[0].events = POLLIN;
  setsockopt(all[0].fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(all[0].fd, (struct sockaddr *)&a, sizeof a) || listen(all[0].fd, 1024)) fail("listen");
  for (;;) {
    poll(all, count, -1);
    for (int i = count - 1; i > 0; i--) {
      if (!all[i].revents) continue;
      long n = read(all[i].fd, buffer, sizeof buffer);
      if (n > 0) {
        if (!state[i].kind) { state[i].kind = buffer[0]; state[i].first = now(); }
        state[i].bytes += n;
        state[i].last = now();
        if (state[i].kind == 's' || write_all(all[i].fd, buffer, n)) continue;
      }
      if (state[i].kind == 's') { printf("sink %.0f %.6f\n", state[i].bytes, state[i].last - state[i].first); fflush(stdout); }
      close(all[i].fd);
      all[i] = all[--count];
      state[i] = state[count];
    }
    if (all[0].revents && count < MOST_CONNECTIONS) {
      int fd = accept(all[0].fd, 0, 0);
      if (fd < 0) continue;
      no_delay(fd);
      all[count] = (struct pollfd){ .fd = fd, .events = POLLIN };
      memset(&state[count++], 0, sizeof state[0]);
    }
  }
}

static int less(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

static void ping(int fd, double seconds) {
  double *samples = malloc(MOST_SAMPLES * sizeof *samples), start = now();
  long count = 0;
  while (count < MOST_SAMPLES) {
    double t = round_trip(fd), after = now() - start;
    if (after >= seconds * WARM_PART || after >= seconds) samples[count++] = t * 1e6;
    if (after >= seconds) break;
  }
  qsort(samples, count, sizeof *samples, less);
  /* By the nearest rank. */
  printf("{\"count\":%ld,\"p50\":%.3f,\"p99\":%.3f}\n", count, samples[(count + 1) / 2 - 1], samples[(count * 99 + 99) / 100 - 1]);
}

static void flood(int fd, double seconds) {
  double start = now();
  memset(buffer, 's', sizeof buffer);
  while (now() - start < seconds) if (!write_all(fd, buffer, sizeof buffer)) fail("write");
  shutdown(fd, SHUT_WR);
  while (read(fd, buffer, sizeof buffer) > 0);
}

int main(int count, char **words) {
  if (count == 4 && !strcmp(words[1], "serve")) serve(words[2], words[3]);
  if (count != 5) { fprintf(stderr, "usage: load serve|ping|first|flood HOST PORT [SECONDS|COUNT]\n"); return 2; }
  double last = atof(words[4]);
  if (!strcmp(words[1], "ping")) ping(dial(words[2], words[3]), last);
  if (!strcmp(words[1], "flood")) flood(dial(words[2], words[3]), last);
  if (!strcmp(words[1], "first")) for (int i = 0; i < last; i++) {
    double start = now();
    int fd = dial(words[2], words[3]);
    round_trip(fd);
    printf("%.3f\n", (now() - start) * 1e3);
    close(fd);
    usleep(REST_MS * 1000);
  }
  return 0;
}
