/* ircload: a closed-loop load generator for IRC over TLS.
 *
 * It judges any IRC server the same way. N clients register and join rooms; S of them send M
 * messages each. A sender keeps W of its own messages in flight, as seen by one observer in its
 * room; every delivery to everybody is counted. With --idle nobody joins or speaks: the clients
 * stay connected for so many seconds and those still there are counted.
 *
 * The server's CPU time is that of its whole process, all threads that ever ran included, in
 * nanoseconds (clock_getcpuclockid); its memory is VmRSS. Clients come from 127.0.x.y, 200 an
 * address block, because servers limit connections by address.
 *
 * usage: ircload --port P --pid SERVER [--ca FILE] [--clients N] [--rooms R] [--senders S]
 *                [--messages M] [--window W] [--size BYTES] [--idle SECONDS] [--timeout SECONDS]
 * Prints one line of JSON; ends with 0 when everything expected arrived.
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
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HANDSHAKES_AT_ONCE 192
#define JOIN_QUIET_SECONDS 1.0
#define EVENTS_A_TURN 512
#define DEATHS_TOLD_MAX 3
#define TEXT_BYTES_MAX 400

enum state { HANDSHAKE, REGISTERING, REGISTERED, JOINED, DEAD };
enum phase { CONNECTING, JOINING, LOADING, IDLING };

typedef struct {
    int fd, id, room, sent, in_flight, wants_write;
    enum state state;
    SSL *ssl;
    char *out;
    size_t out_bytes, out_room;
    size_t in_bytes;
    char nick[24];
    char in[16384];
} Client;

static struct {
    int clients, rooms, senders, messages, window, text_bytes, port;
    pid_t pid;
    double idle_seconds, seconds_max;
    const char *ca;
} ask = {100, 1, 1, 100, 1, 64, 6697, 0, 0, 120, NULL};

static Client *clients;
static int *observer_of;  /* by sender: the client whose view paces it, or -1 */
static double *sent_at;   /* by sender and message: when */
static double *latencies; /* of each message, from send to its observer */
static long latency_count, deliveries, expected;
static int epoll_fd, registered, joined, dead, lost; /* lost: registered, then dead */
static enum phase phase = CONNECTING;
static SSL_CTX *tls;
static clockid_t server_clock;
static char padding[TEXT_BYTES_MAX];

static void die(const char *what) {
    fprintf(stderr, "ircload: %s (%s)\n", what, strerror(errno));
    exit(2);
}

static double seconds_on(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t))
        return 0;
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static double now(void) {
    return seconds_on(CLOCK_MONOTONIC);
}

static double server_cpu(void) {
    return ask.pid ? seconds_on(server_clock) : 0;
}

static long server_rss_kb(void) {
    char name[64], line[256];
    long kb = 0;
    snprintf(name, sizeof name, "/proc/%d/status", ask.pid);
    FILE *f = fopen(name, "r");
    if (!f)
        return 0;
    while (fgets(line, sizeof line, f) && sscanf(line, "VmRSS: %ld", &kb) != 1)
        continue;
    fclose(f);
    return kb;
}

/* -- one client --------------------------------------------------------------------------- */

static void bury(Client *c, const char *why, int code) {
    if (dead < DEATHS_TOLD_MAX)
        fprintf(stderr, "%s: %s (%d, state %d)\n", c->nick, why, code, c->state);
    if (c->state >= REGISTERED)
        lost++;
    c->state = DEAD;
    dead++;
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
}

static void watch(Client *c, int wants_write) {
    if (c->wants_write == wants_write)
        return;
    c->wants_write = wants_write;
    struct epoll_event e = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
}

static void flush(Client *c) {
    while (c->out_bytes > 0) {
        int n = SSL_write(c->ssl, c->out, c->out_bytes);
        if (n <= 0) {
            int e = SSL_get_error(c->ssl, n);
            if (e == SSL_ERROR_WANT_WRITE)
                watch(c, 1);
            else if (e != SSL_ERROR_WANT_READ)
                bury(c, "write failed", e);
            return;
        }
        c->out_bytes -= n;
        memmove(c->out, c->out + n, c->out_bytes);
    }
    watch(c, 0);
}

static void queue(Client *c, const char *text, size_t n) {
    if (c->out_bytes + n > c->out_room) {
        c->out_room = (c->out_bytes + n) * 2 + 256;
        if (!(c->out = realloc(c->out, c->out_room)))
            die("memory");
    }
    memcpy(c->out + c->out_bytes, text, n);
    c->out_bytes += n;
}

static void say(Client *c, const char *text) {
    queue(c, text, strlen(text));
    flush(c);
}

static void send_more(Client *c) {
    char line[TEXT_BYTES_MAX + 128];
    while (c->sent < ask.messages && c->in_flight < ask.window) {
        int n = snprintf(line, sizeof line, "PRIVMSG #room%d :%d %d %.*s\r\n", c->room, c->id,
                         c->sent, ask.text_bytes > 12 ? ask.text_bytes - 12 : 0, padding);
        sent_at[(long)c->id * ask.messages + c->sent] = now();
        c->sent++;
        c->in_flight++;
        queue(c, line, n);
    }
    flush(c);
}

static void on_delivery(Client *c, const char *text) {
    int sender, number;
    if (sscanf(text, "%d %d", &sender, &number) != 2 || sender < 0 || sender >= ask.clients)
        return;
    deliveries++;
    if (observer_of[sender] != c->id || number < 0 || number >= ask.messages)
        return;
    latencies[latency_count++] = now() - sent_at[(long)sender * ask.messages + number];
    clients[sender].in_flight--;
    send_more(&clients[sender]);
}

/* `line` ends with a NUL in place of its CR or LF. */
static void on_line(Client *c, char *line) {
    if (*line == '@' && (line = strchr(line, ' ')) != NULL)
        line++;
    if (!line)
        return;
    if (!strncmp(line, "PING", 4)) {
        char pong[600];
        snprintf(pong, sizeof pong, "PONG%s\r\n", line + 4);
        say(c, pong);
        return;
    }
    if (!strncmp(line, "ERROR", 5))
        fprintf(stderr, "%s: %s\n", c->nick, line);
    char *command = strchr(line, ' ');
    if (!command)
        return;
    command++;
    if (c->state == REGISTERING && !strncmp(command, "001 ", 4)) {
        c->state = REGISTERED;
        registered++;
    } else if (c->state == REGISTERED && !strncmp(command, "366 ", 4)) {
        c->state = JOINED;
        joined++;
    } else if (phase == LOADING && !strncmp(command, "PRIVMSG ", 8)) {
        char *text = strchr(command + 8, ' '); /* the colon is only owed where the text has a space */
        if (text)
            on_delivery(c, text + 1 + (text[1] == ':'));
    }
}

static void take_lines(Client *c) {
    char *start = c->in, *end = c->in + c->in_bytes, *newline;
    while ((newline = memchr(start, '\n', end - start))) {
        *(newline > start && newline[-1] == '\r' ? newline - 1 : newline) = 0;
        on_line(c, start);
        start = newline + 1;
    }
    c->in_bytes = end - start;
    memmove(c->in, start, c->in_bytes);
}

static void on_readable(Client *c) {
    while (c->state != DEAD) {
        int n = SSL_read(c->ssl, c->in + c->in_bytes, sizeof c->in - c->in_bytes);
        if (n > 0) {
            c->in_bytes += n;
            take_lines(c);
            continue;
        }
        int e = SSL_get_error(c->ssl, n);
        if (e == SSL_ERROR_WANT_WRITE)
            watch(c, 1);
        else if (e != SSL_ERROR_WANT_READ)
            bury(c, "closed", e);
        return;
    }
}

static void shake_hands(Client *c) {
    int r = SSL_do_handshake(c->ssl);
    if (r != 1) {
        int e = SSL_get_error(c->ssl, r);
        if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) {
            watch(c, e == SSL_ERROR_WANT_WRITE);
            return;
        }
        ERR_print_errors_fp(stderr);
        bury(c, "handshake failed", e);
        return;
    }
    char hello[160];
    c->state = REGISTERING;
    watch(c, 0);
    snprintf(hello, sizeof hello, "NICK %s\r\nUSER %s 0 * :load\r\n", c->nick, c->nick);
    say(c, hello);
}

static void open_client(int id) {
    Client *c = &clients[id];
    int per_room = ask.clients / ask.rooms, one = 1;
    c->id = id;
    c->room = id / per_room < ask.rooms ? id / per_room : ask.rooms - 1;
    snprintf(c->nick, sizeof c->nick, "load%d", id);

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f000000 | (1 + id / 200 % 250) << 8 | (1 + id % 200));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(ask.port);
    if (bind(c->fd, (void *)&from, sizeof from))
        die("bind");
    if (connect(c->fd, (void *)&to, sizeof to) && errno != EINPROGRESS)
        die("connect");

    c->ssl = SSL_new(tls);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
    SSL_set_tlsext_host_name(c->ssl, "localhost");
    c->wants_write = 1;
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e);
}

/* -- the run ------------------------------------------------------------------------------ */

static void join_all(void) {
    for (int i = 0; i < ask.clients; i++) {
        char line[64];
        snprintf(line, sizeof line, "JOIN #room%d\r\n", clients[i].room);
        say(&clients[i], line);
    }
}

/* Names the first senders of each room, and for each the last other member as its observer. */
static void choose_senders(void) {
    int each = ask.senders / ask.rooms > 0 ? ask.senders / ask.rooms : 1, chosen = 0;
    int *first = calloc(ask.rooms + 1, sizeof *first);
    for (int i = 0; i < ask.clients; i++)
        first[clients[i].room + 1] = i + 1; /* rooms are contiguous: where the next one begins */
    for (int i = 0; i < ask.clients; i++)
        observer_of[i] = -1;
    for (int room = 0; room < ask.rooms; room++)
        for (int k = 0; k < each && chosen < ask.senders; k++, chosen++) {
            int members = first[room + 1] - first[room];
            if (k >= members || members < 2)
                break;
            int sender = first[room] + k, last = first[room + 1] - 1;
            observer_of[sender] = last == sender ? last - 1 : last;
            expected += (long)ask.messages * (members - 1);
        }
    free(first);
}

static void start_load(void) {
    choose_senders();
    for (int i = 0; i < ask.clients; i++)
        if (observer_of[i] >= 0)
            send_more(&clients[i]);
}

static void turn(void) {
    struct epoll_event events[EVENTS_A_TURN];
    int n = epoll_wait(epoll_fd, events, EVENTS_A_TURN, 100);
    for (int i = 0; i < n; i++) {
        Client *c = events[i].data.ptr;
        if (c->state == HANDSHAKE) {
            shake_hands(c);
            continue;
        }
        if (c->state != DEAD && events[i].events & EPOLLOUT)
            flush(c);
        if (c->state != DEAD)
            on_readable(c);
    }
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile_ms(double share) {
    return latency_count ? 1e3 * latencies[(long)((latency_count - 1) * share)] : 0;
}

/* Goes through the phases; what it measured on the way is in `seen`. */
static struct {
    double connect_s, connect_cpu, load_s, load_cpu, rss_kb_per_client;
} seen;

static void run(void) {
    double start = now(), cpu = server_cpu(), phase_start = start, quiet_at = 0;
    long rss = server_rss_kb();
    for (int next = 0; now() < start + ask.seconds_max; turn()) {
        if (phase == CONNECTING) {
            while (next < ask.clients && next - registered - (dead - lost) < HANDSHAKES_AT_ONCE)
                open_client(next++);
            if (registered + dead - lost < ask.clients)
                continue;
            seen.connect_s = now() - start;
            seen.connect_cpu = server_cpu() - cpu;
            seen.rss_kb_per_client = (double)(server_rss_kb() - rss) / ask.clients;
            phase_start = now();
            cpu = server_cpu();
            phase = ask.idle_seconds > 0 ? IDLING : JOINING;
            if (phase == JOINING)
                join_all();
        } else if (dead && phase != IDLING) {
            break;
        } else if (phase == JOINING) {
            if (joined < ask.clients)
                continue;
            if (!quiet_at)
                quiet_at = now() + JOIN_QUIET_SECONDS; /* let the joins' chatter drain */
            if (now() < quiet_at)
                continue;
            phase = LOADING;
            phase_start = now();
            cpu = server_cpu();
            start_load();
        } else if (phase == LOADING ? deliveries >= expected
                                    : now() > phase_start + ask.idle_seconds) {
            break;
        }
    }
    seen.load_s = now() - phase_start;
    seen.load_cpu = server_cpu() - cpu;
}

static void report(void) {
    qsort(latencies, latency_count, sizeof *latencies, compare);
    printf("{\"clients\":%d,\"connected\":%d,\"stayed\":%d,\"connect_s\":%.3f,"
           "\"server_cpu_ms_per_connect\":%.3f,\"rss_kb_per_client\":%.1f,\"rss_end_kb\":%ld,"
           "\"deliveries\":%ld,\"expected\":%ld,\"load_s\":%.3f,\"deliveries_per_s\":%.0f,"
           "\"server_cpu_s\":%.3f,\"server_cpu_us_per_delivery\":%.3f,"
           "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           ask.clients, registered, registered - lost, seen.connect_s,
           1e3 * seen.connect_cpu / ask.clients, seen.rss_kb_per_client, server_rss_kb(),
           deliveries, expected, seen.load_s, deliveries / (seen.load_s > 0 ? seen.load_s : 1),
           seen.load_cpu, 1e6 * seen.load_cpu / (deliveries ? deliveries : 1), percentile_ms(.5),
           percentile_ms(.99), percentile_ms(1));
}

static void read_arguments(int argc, char **argv) {
    struct {
        const char *name;
        int *number;
    } numbers[] = {{"--clients", &ask.clients}, {"--rooms", &ask.rooms},
                   {"--senders", &ask.senders}, {"--messages", &ask.messages},
                   {"--window", &ask.window},   {"--size", &ask.text_bytes},
                   {"--port", &ask.port},       {"--pid", &ask.pid}};
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        size_t k = 0, count = sizeof numbers / sizeof *numbers;
        while (k < count && strcmp(name, numbers[k].name))
            k++;
        if (k < count)
            *numbers[k].number = atoi(value);
        else if (!strcmp(name, "--ca"))
            ask.ca = value;
        else if (!strcmp(name, "--idle"))
            ask.idle_seconds = atof(value);
        else if (!strcmp(name, "--timeout"))
            ask.seconds_max = atof(value);
        else {
            fprintf(stderr, "ircload: what is %s?\n", name);
            exit(2);
        }
    }
    if (ask.clients < 1 || ask.rooms < 1 || ask.rooms > ask.clients || ask.messages < 1) {
        fprintf(stderr, "ircload: clients, rooms and messages have to be at least 1\n");
        exit(2);
    }
    if (ask.text_bytes > TEXT_BYTES_MAX)
        ask.text_bytes = TEXT_BYTES_MAX;
}

static void prepare(void) {
    struct rlimit limit;
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (ask.pid && clock_getcpuclockid(ask.pid, &server_clock))
        die("no such server process");
    tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    if (ask.ca) {
        if (!SSL_CTX_load_verify_locations(tls, ask.ca, NULL))
            die("cannot read the CA");
        SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    }
    size_t messages = (size_t)ask.clients * ask.messages;
    memset(padding, 'x', sizeof padding);
    clients = calloc(ask.clients, sizeof *clients);
    observer_of = calloc(ask.clients, sizeof *observer_of);
    sent_at = calloc(messages, sizeof *sent_at);
    latencies = calloc(messages, sizeof *latencies);
    epoll_fd = epoll_create1(0);
    if (!clients || !observer_of || !sent_at || !latencies || epoll_fd < 0)
        die("memory");
}

int main(int argc, char **argv) {
    read_arguments(argc, argv);
    prepare();
    run();
    report();
    if (ask.idle_seconds > 0)
        return registered - lost < ask.clients;
    return !(expected && deliveries >= expected);
}
