/* limit: the floor, the least that a TLS chat server can do in C: epoll and OpenSSL, one send per
 * recipient and turn (records are gathered in a memory BIO), no history, no permissions, no
 * numerics beyond what ircload waits for. A real server's CPU per delivery on the same machine
 * and OpenSSL is compared with its own.
 * usage: limit PORT CERT KEY */
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
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Conn {
    int fd, shaken, inlen, dirty, waits_to_write;
    size_t outlen, outcap;
    SSL *ssl;
    BIO *wb;
    char nick[32];
    char *out;
    char in[16384];
} Conn;
typedef struct {
    char name[64];
    Conn **m;
    int n, cap;
} Room;
static Room rooms[4096];
static int nrooms, ep;
static Conn **dirty;
static int ndirty, cdirty;

static void mark(Conn *c) {
    if (c->dirty)
        return;
    c->dirty = 1;
    if (ndirty == cdirty)
        dirty = realloc(dirty, (cdirty = cdirty * 2 + 64) * sizeof *dirty);
    dirty[ndirty++] = c;
}

static void put(Conn *c, const char *b, size_t n) {
    if (c->outlen + n > c->outcap)
        c->out = realloc(c->out, c->outcap = (c->outlen + n) * 2);
    memcpy(c->out + c->outlen, b, n);
    c->outlen += n;
    mark(c);
}

static Room *room(const char *n) {
    for (int i = 0; i < nrooms; i++)
        if (!strcmp(rooms[i].name, n))
            return &rooms[i];
    Room *r = &rooms[nrooms++];
    snprintf(r->name, sizeof r->name, "%s", n);
    return r;
}

static void line(Conn *c, char *l) {
    char b[1024];
    int n;
    if (!strncmp(l, "PRIVMSG ", 8)) {
        char *t = l + 8, *e = strchr(t, ' ');
        if (!e)
            return;
        *e = 0;
        Room *r = room(t);
        *e = ' ';
        n = snprintf(b, sizeof b, ":%s!u@h %s\r\n", c->nick, l);
        for (int i = 0; i < r->n; i++)
            if (r->m[i] != c)
                put(r->m[i], b, n);
    } else if (!strncmp(l, "NICK ", 5))
        snprintf(c->nick, sizeof c->nick, "%s", l + 5);
    else if (!strncmp(l, "USER", 4)) {
        n = snprintf(b, sizeof b, ":s 001 %s :hi\r\n", c->nick);
        put(c, b, n);
    } else if (!strncmp(l, "JOIN ", 5)) {
        Room *r = room(l + 5);
        if (r->n == r->cap)
            r->m = realloc(r->m, (r->cap = r->cap * 2 + 16) * sizeof *r->m);
        r->m[r->n++] = c;
        n = snprintf(b, sizeof b, ":s 366 %s %s :End\r\n", c->nick, l + 5);
        put(c, b, n);
    } else if (!strncmp(l, "PING", 4)) {
        n = snprintf(b, sizeof b, ":s PONG s%s\r\n", l + 4);
        put(c, b, n);
    }
}

/* Sends what the memory BIO holds; what the kernel does not take stays there */
static int drain(Conn *c) {
    char *p;
    long n = BIO_get_mem_data(c->wb, &p);
    if (n <= 0)
        return 0;
    ssize_t k = send(c->fd, p, n, MSG_NOSIGNAL);
    if (k <= 0)
        return n > 0;
    if (k == n) {
        BIO_reset(c->wb);
        return 0;
    }
    char *rest = malloc(n - k);
    memcpy(rest, p + k, n - k);
    BIO_reset(c->wb);
    BIO_write(c->wb, rest, n - k);
    free(rest);
    return 1;
}

static void hang_up(Conn *c) {
    epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
    SSL_free(c->ssl);
    for (int i = 0; i < nrooms; i++)
        for (int j = 0; j < rooms[i].n; j++)
            if (rooms[i].m[j] == c)
                rooms[i].m[j] = rooms[i].m[--rooms[i].n];
    for (int i = 0; i < ndirty; i++)
        if (dirty[i] == c)
            dirty[i] = NULL;
    free(c->out);
    free(c);
}
static void accept_all(int listener, SSL_CTX *tls) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        Conn *c = calloc(1, sizeof *c);
        c->fd = fd;
        c->ssl = SSL_new(tls);
        c->wb = BIO_new(BIO_s_mem());
        SSL_set_bio(c->ssl, BIO_new_socket(fd, BIO_NOCLOSE), c->wb);
        SSL_set_accept_state(c->ssl);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
    }
}

static int would_block(Conn *c, int result) {
    int e = SSL_get_error(c->ssl, result);
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

static void take_lines(Conn *c) {
    char *start = c->in, *end = c->in + c->inlen, *newline;
    while ((newline = memchr(start, '\n', end - start))) {
        *newline = 0;
        if (newline > start && newline[-1] == '\r')
            newline[-1] = 0;
        line(c, start);
        start = newline + 1;
    }
    c->inlen = end - start;
    memmove(c->in, start, c->inlen);
}

static void on_readable(Conn *c) {
    do {
        int n = SSL_read(c->ssl, c->in + c->inlen, sizeof c->in - c->inlen - 1);
        if (n <= 0) {
            if (!would_block(c, n))
                hang_up(c);
            return;
        }
        c->inlen += n;
        take_lines(c);
    } while (SSL_pending(c->ssl));
}

static void on_event(Conn *c, unsigned events) {
    if (!c->shaken) {
        int r = SSL_do_handshake(c->ssl);
        drain(c);
        if (r != 1) {
            if (!would_block(c, r))
                hang_up(c);
            return;
        }
        c->shaken = 1;
    }
    if (events & EPOLLOUT)
        mark(c);
    on_readable(c);
}

static void write_all(Conn *c) {
    c->dirty = 0;
    for (size_t done = 0; done < c->outlen;) {
        int n = SSL_write(c->ssl, c->out + done, c->outlen - done);
        if (n <= 0)
            break;
        done += n;
    }
    c->outlen = 0;
    int waits = drain(c);
    if (waits == c->waits_to_write)
        return;
    c->waits_to_write = waits;
    struct epoll_event e = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}

static SSL_CTX *server_tls(const char *certificate, const char *key) {
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    return tls;
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (void *)&a, sizeof a) || listen(fd, 1024)) {
        perror("limit: listen");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: limit PORT CERT KEY\n");
        return 2;
    }
    struct rlimit descriptors;
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);

    SSL_CTX *tls = server_tls(argv[2], argv[3]);
    int listener = listen_on(atoi(argv[1]));
    struct epoll_event e = {.events = EPOLLIN}, events[256];
    ep = epoll_create1(0);
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        int n = epoll_wait(ep, events, 256, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr)
                on_event(events[i].data.ptr, events[i].events);
            else
                accept_all(listener, tls);
        }
        for (int i = 0; i < ndirty; i++)
            if (dirty[i])
                write_all(dirty[i]);
        ndirty = 0;
    }
}
