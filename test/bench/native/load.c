/*
 * The load generator of the benchmark: one thread, epoll, keep-alive connections.
 *
 *   load PORT CONNECTIONS SECONDS RATE REFUSE_EVERY MODULO < REQUEST
 *
 * REQUEST is sent as it is; its first run of '#' becomes a counter modulo MODULO, in as many digits. RATE 0 is a closed
 * loop: each connection sends its next request at once. RATE n is an open loop of n requests/s with exponential gaps
 * from a fixed seed, and a time is taken from the instant at which a request was due, whether or not a connection was
 * free then: no coordinated omission. Each REFUSE_EVERYth request (0: none) gets `X-Bench-Refuse: n`.
 * Prints {"seconds","answers","failed","reconnects","p50","p99","p999"}, times in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 64 * 1024, HEAD_MAX = 16 * 1024, PIECE = 256 * 1024, CONNECTIONS_MAX = 1024, EVENTS = 128 };
static const double NS = 1e9;

struct connection {
  int fd;
  int busy;
  int64_t due_ns;          /* when its request was due */
  size_t head_length;
  int in_body, chunked, good;
  size_t body_left;
  char tail[5];            /* the last bytes of a chunked body */
  char head[HEAD_MAX];
};

static struct connection connections[CONNECTIONS_MAX];
static int idle[CONNECTIONS_MAX], idle_count;
static char request[REQUEST_MAX + 64], plain[REQUEST_MAX], piece[PIECE];
static size_t plain_length, digits_at, digits, insert_at;
static long modulo, refuse_every, sent, answers, failed, reconnects;
static uint32_t *samples;
static size_t sample_count, sample_room;
static int poller, port, open_loop;

static void fail(const char *what) { perror(what); exit(1); }

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void open_connection(struct connection *c) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int on = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
  c->busy = 0;
}

static void reopen(struct connection *c) {
  close(c->fd);
  reconnects++;
  open_connection(c);
}

static void write_number(char *at, size_t width, long number) {
  while (width > 0) { at[--width] = '0' + number % 10; number /= 10; }
}

static void send_request(struct connection *c, int64_t due_ns) {
  size_t length = plain_length;
  long number = sent++;
  memcpy(request, plain, insert_at);
  size_t extra = 0;
  if (refuse_every > 0 && number % refuse_every == 0)
    extra = sprintf(request + insert_at, "X-Bench-Refuse: %ld\r\n", number / refuse_every);
  memcpy(request + insert_at + extra, plain + insert_at, plain_length - insert_at);
  if (digits > 0) write_number(request + digits_at, digits, number % modulo);
  length += extra;
  c->busy = 1;
  c->due_ns = due_ns;
  c->head_length = 0;
  c->in_body = 0;
  if (send(c->fd, request, length, MSG_NOSIGNAL) == (ssize_t)length) return;
  failed++;
  reopen(c);
  if (open_loop) idle[idle_count++] = c - connections;
}

static void keep_sample(int64_t ns) {
  if (sample_count == sample_room) samples = realloc(samples, (sample_room = sample_room ? sample_room * 2 : 65536) * sizeof *samples);
  samples[sample_count++] = ns > UINT32_MAX ? UINT32_MAX : ns;
}

/* Reads status and framing once the head is whole; returns how many bytes of `head` it takes, 0 while it is not whole. */
static size_t read_head(struct connection *c) {
  char *end = memmem(c->head, c->head_length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  c->good = c->head[9] == '2';
  c->in_body = 1;
  c->chunked = 0;
  c->body_left = 0;
  memset(c->tail, 0, sizeof c->tail);
  for (char *line = memchr(c->head, '\n', c->head_length); line != NULL && line < end; line = memchr(line, '\n', end + 2 - line)) {
    line++;
    if (strncasecmp(line, "content-length:", 15) == 0) c->body_left = strtoul(line + 15, NULL, 10);
    if (strncasecmp(line, "transfer-encoding:", 18) == 0) c->chunked = 1;
  }
  return end + 4 - c->head;
}

/* Whether the answer is whole. The body's bytes never look like the end of the chunks. */
static int take_body(struct connection *c, const char *bytes, size_t length) {
  if (!c->chunked) { c->body_left -= length < c->body_left ? length : c->body_left; return c->body_left == 0; }
  for (size_t i = length > 5 ? length - 5 : 0; i < length; i++) { memmove(c->tail, c->tail + 1, 4); c->tail[4] = bytes[i]; }
  return memcmp(c->tail, "0\r\n\r\n", 5) == 0;
}

/* Reads what is there. 1: the answer is whole; 0: not yet; -1: the connection is gone. */
static int receive(struct connection *c) {
  for (;;) {
    if (c->in_body) {
      ssize_t got = read(c->fd, piece, PIECE);
      if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
      if (take_body(c, piece, got)) return 1;
      continue;
    }
    ssize_t got = read(c->fd, c->head + c->head_length, HEAD_MAX - c->head_length);
    if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
    c->head_length += got;
    size_t head = read_head(c);
    if (head > 0 && take_body(c, c->head + head, c->head_length - head)) return 1;
    if (head == 0 && c->head_length == HEAD_MAX) return -1;
  }
}

static void on_readable(struct connection *c) {
  int whole = receive(c);
  if (whole == 0) return;
  int was_busy = c->busy;
  int64_t now = now_ns();
  if (whole < 0) {
    if (was_busy) failed++;
    reopen(c);
  } else {
    answers++;
    if (!c->good) failed++;
    keep_sample(now - c->due_ns);
    c->busy = 0;
  }
  if (!open_loop) send_request(c, now);
  else if (was_busy) idle[idle_count++] = c - connections;
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static double percentile(double share) {
  return sample_count == 0 ? 0 : samples[(size_t)(share * (sample_count - 1))] / 1e3;
}

static void read_template(void) {
  ssize_t got;
  while ((got = read(0, plain + plain_length, REQUEST_MAX - plain_length)) > 0) plain_length += got;
  char *hash = memchr(plain, '#', plain_length);
  if (hash != NULL) { digits_at = hash - plain; while (plain[digits_at + digits] == '#') digits++; }
  insert_at = (char *)memmem(plain, plain_length, "\r\n", 2) + 2 - plain;
}

static void set_alarm(int timer, int64_t at_ns) {
  struct itimerspec when = {.it_value = {at_ns / 1000000000LL, at_ns % 1000000000LL}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

int main(int argc, char **argv) {
  if (argc != 7) { fprintf(stderr, "load PORT CONNECTIONS SECONDS RATE REFUSE_EVERY MODULO < REQUEST\n"); return 64; }
  port = atoi(argv[1]);
  int count = atoi(argv[2]);
  double seconds = atof(argv[3]), rate = atof(argv[4]);
  refuse_every = atol(argv[5]);
  modulo = atol(argv[6]);
  open_loop = rate > 0;
  read_template();
  srand48(1);
  poller = epoll_create1(0);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
  for (int i = 0; i < count; i++) { open_connection(&connections[i]); idle[idle_count++] = i; }
  int64_t start = now_ns(), end = start + seconds * NS, due = start;
  if (!open_loop) for (int i = 0; i < count; i++) send_request(&connections[i], start);
  struct epoll_event events[EVENTS];
  int64_t now = start;
  while (now < end) {
    while (open_loop && due <= now && idle_count > 0) {
      send_request(&connections[idle[--idle_count]], due);
      due += -log(1 - drand48()) / rate * NS;
    }
    /* A request that is due while no connection is free waits for one; its time runs. */
    set_alarm(timer, open_loop && due > now && due < end ? due : end);
    int ready = epoll_wait(poller, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) if (events[i].data.ptr != NULL) on_readable(events[i].data.ptr);
    now = now_ns();
  }
  qsort(samples, sample_count, sizeof *samples, by_size);
  printf("{\"seconds\":%.6f,\"answers\":%ld,\"failed\":%ld,\"reconnects\":%ld,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f}\n",
    (now - start) / NS, answers, failed, reconnects, percentile(0.5), percentile(0.99), percentile(0.999));
}
