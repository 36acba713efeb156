/*
 * The upstream of the benchmark: far cheaper than any proxy in front of it. One thread, epoll, no allocation per request.
 *
 *   upstream CERT KEY CURRENT PREVIOUS      prints {"http":PORT,"https":PORT} and serves until it is killed
 *
 * GET or POST /…/N answers N bytes. A request without one of the two secrets, as X-Api-Key or in the body, is answered
 * 401, so a proxy that does not inject shows as failed. `X-Bench-Refuse: n` is answered 401 at its first sight and 200 at
 * its second: that is a secret which is refused, and a replay.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 64 * 1024, SIZES_MAX = 16, REFUSALS = 1000000, EVENTS = 128 };

struct connection {
  int fd;
  SSL *tls;                /* null: plain http */
  const char *out;         /* what is left of the answer */
  size_t out_left;
  size_t in_length;
  char in[REQUEST_MAX];
};

struct answer { size_t size; char *bytes; size_t length; };

static struct answer answers[SIZES_MAX];
static struct answer refusal;
static char refused_before[REFUSALS];
static const char *secrets[2];
static SSL_CTX *tls_context;
static int poller;

static void fail(const char *what) { perror(what); exit(1); }

static struct answer build_answer(const char *status, size_t size) {
  struct answer built = {.size = size, .bytes = malloc(size + 512)};
  int head = sprintf(built.bytes,
    "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
    "Date: Mon, 23 Nov 2026 12:00:00 GMT\r\nX-Request-Id: 3f8a1c52-77d0-4a59-9f0b-2d1f6f0e8a11\r\n\r\n", status, size);
  memset(built.bytes + head, 'x', size);
  built.length = head + size;
  return built;
}

static const struct answer *answer_of(size_t size) {
  for (int i = 0; i < SIZES_MAX; i++) {
    if (answers[i].bytes != NULL && answers[i].size == size) return &answers[i];
    if (answers[i].bytes == NULL) { answers[i] = build_answer("200 OK", size); return &answers[i]; }
  }
  fprintf(stderr, "upstream: too many sizes\n");
  exit(1);
}

static int is_secret(const char *text, size_t length) {
  for (int i = 0; i < 2; i++)
    if (strlen(secrets[i]) == length && memcmp(secrets[i], text, length) == 0) return 1;
  return 0;
}

static int holds_secret(const char *body, size_t length) {
  return memmem(body, length, secrets[0], strlen(secrets[0])) != NULL ||
         memmem(body, length, secrets[1], strlen(secrets[1])) != NULL;
}

/* Bytes of the first request in `in`, with its answer in `chosen`; 0 while it is not whole. */
static size_t read_request(const char *in, size_t length, const struct answer **chosen) {
  const char *end = memmem(in, length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  size_t body_length = 0, size = 0;
  long refuse = -1;
  int authorised = 0;
  const char *target_end = memchr(in, ' ', length);
  if (target_end != NULL) target_end = memchr(target_end + 1, ' ', end - target_end);
  if (target_end != NULL) {
    const char *digits = target_end;
    while (digits[-1] >= '0' && digits[-1] <= '9') digits--;
    size = strtoul(digits, NULL, 10);
  }
  for (const char *line = memchr(in, '\n', length); line != NULL && line < end; line = memchr(line, '\n', end + 2 - line)) {
    line++;
    if (strncasecmp(line, "content-length:", 15) == 0) body_length = strtoul(line + 15, NULL, 10);
    if (strncasecmp(line, "x-bench-refuse:", 15) == 0) refuse = strtol(line + 15, NULL, 10) % REFUSALS;
    if (strncasecmp(line, "x-api-key: ", 11) == 0) {
      const char *stop = memchr(line, '\r', end + 2 - line);
      authorised = stop != NULL && is_secret(line + 11, stop - line - 11);
    }
  }
  size_t head = end + 4 - in;
  if (length < head + body_length) return 0;
  if (!authorised && body_length > 0) authorised = holds_secret(in + head, body_length);
  if (authorised && refuse >= 0) {
    refused_before[refuse] ^= 1;
    authorised = !refused_before[refuse];
  }
  *chosen = authorised ? answer_of(size) : &refusal;
  return head + body_length;
}

static ssize_t receive(struct connection *c) {
  if (c->tls == NULL) return read(c->fd, c->in + c->in_length, REQUEST_MAX - c->in_length);
  int got = SSL_read(c->tls, c->in + c->in_length, REQUEST_MAX - c->in_length);
  if (got > 0) return got;
  int why = SSL_get_error(c->tls, got);
  ERR_clear_error();
  errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EIO;
  return -1;
}

static ssize_t transmit(struct connection *c) {
  if (c->tls == NULL) return send(c->fd, c->out, c->out_left, MSG_NOSIGNAL);
  int sent = SSL_write(c->tls, c->out, c->out_left);
  if (sent > 0) return sent;
  int why = SSL_get_error(c->tls, sent);
  ERR_clear_error();
  errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EIO;
  return -1;
}

static void drop(struct connection *c) {
  if (c->tls != NULL) SSL_free(c->tls);
  close(c->fd);
  free(c);
}

/* Edge-triggered: reads and writes until both would block. Returns 0 when the connection is gone. */
static int serve(struct connection *c) {
  for (;;) {
    while (c->out_left > 0) {
      ssize_t sent = transmit(c);
      if (sent < 0) return errno == EAGAIN;
      c->out += sent;
      c->out_left -= sent;
    }
    const struct answer *chosen;
    size_t used = c->in_length > 0 ? read_request(c->in, c->in_length, &chosen) : 0;
    if (used > 0) {
      c->in_length -= used;
      memmove(c->in, c->in + used, c->in_length);
      c->out = chosen->bytes;
      c->out_left = chosen->length;
      continue;
    }
    if (c->in_length == REQUEST_MAX) return 0;
    ssize_t got = receive(c);
    if (got == 0) return 0;
    if (got < 0) return errno == EAGAIN;
    c->in_length += got;
  }
}

static int listen_on_loopback(int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 1024) < 0) fail("listen");
  getsockname(fd, (struct sockaddr *)&address, &length);
  *port = ntohs(address.sin_port);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  event.data.fd = fd;
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  return fd;
}

static void accept_all(int listener, int is_tls) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct connection *c = calloc(1, sizeof *c);
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (is_tls) {
      c->tls = SSL_new(tls_context);
      SSL_set_fd(c->tls, fd);
      SSL_set_accept_state(c->tls);
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int argc, char **argv) {
  if (argc != 5) { fprintf(stderr, "upstream CERT KEY CURRENT PREVIOUS\n"); return 64; }
  signal(SIGPIPE, SIG_IGN);
  secrets[0] = argv[3];
  secrets[1] = argv[4];
  refusal = build_answer("401 Unauthorized", 60);
  tls_context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_mode(tls_context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_use_certificate_chain_file(tls_context, argv[1]) != 1) fail("certificate");
  if (SSL_CTX_use_PrivateKey_file(tls_context, argv[2], SSL_FILETYPE_PEM) != 1) fail("key");
  poller = epoll_create1(0);
  int http_port, https_port;
  int http = listen_on_loopback(&http_port), https = listen_on_loopback(&https_port);
  printf("{\"http\":%d,\"https\":%d}\n", http_port, https_port);
  fflush(stdout);
  struct epoll_event events[EVENTS];
  for (;;) {
    int ready = epoll_wait(poller, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.u64 < 1024) accept_all(events[i].data.fd, events[i].data.fd == https);
      else if (!serve(events[i].data.ptr)) drop(events[i].data.ptr);
    }
  }
  (void)http;
}
