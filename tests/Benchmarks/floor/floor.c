/* The least an extension can be: register, subscribe to the Telemetry API, call Next, answer what is posted, throw it away, end at
 * SHUTDOWN. Raw sockets, no allocation, one thread. What it costs is what the platform costs; the rest of ours is our own doing.
 * Build: cc -O2 -static -o floor floor.c. Not a model of error handling: on any surprise it exits. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 8

static char buffer[1 << 16];
static char id[128];
static char host[64];

/* Bytes still missing of the body that each telemetry connection is sending; -1 between requests. */
static long missing[CONNECTIONS];

static void fail(const char *what) { perror(what); exit(1); }

static int dial(const char *authority) {
    struct sockaddr_in address = { .sin_family = AF_INET };
    const char *colon = strchr(authority, ':');
    snprintf(host, sizeof host, "%.*s", (int)(colon - authority), authority);
    if (!strcmp(host, "localhost")) strcpy(host, "127.0.0.1");
    address.sin_port = htons((unsigned short)atoi(colon + 1));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) fail("address");
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (s < 0 || connect(s, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return s;
}

static void send_all(int s, const char *text, size_t length) {
    if (send(s, text, length, MSG_NOSIGNAL) != (ssize_t)length) fail("send");
}

static void request(int s, const char *method, const char *path, const char *header, const char *body) {
    char text[1024];
    int length = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: runtime\r\n%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          method, path, header, strlen(body), body);
    send_all(s, text, (size_t)length);
}

/* The end of the headers in what was received, or null; the body's length in *content, -2 when it is chunked. */
static char *headers_end(char *text, long *content) {
    char *end = strstr(text, "\r\n\r\n");
    if (!end) return NULL;
    *content = 0;
    for (char *line = text; line < end; line = strstr(line, "\r\n") + 2) {
        if (!strncasecmp(line, "content-length:", 15)) *content = atol(line + 15);
        if (!strncasecmp(line, "transfer-encoding:", 18)) *content = -2;
    }
    return end + 4;
}

/* One whole answer, left in the buffer. */
static void response(int s) {
    size_t have = 0;
    for (;;) {
        ssize_t got = recv(s, buffer + have, sizeof buffer - 1 - have, 0);
        if (got <= 0) fail("recv");
        buffer[have += (size_t)got] = 0;
        long content;
        char *body = headers_end(buffer, &content);
        if (!body) continue;
        if (content == -2 ? strstr(body, "0\r\n\r\n") != NULL : buffer + have - body >= content) return;
    }
}

/* 0 when the connection is over. Headers are expected in one piece, bodies in any. */
static int drain(int s, int which) {
    ssize_t got = recv(s, buffer, sizeof buffer - 1, 0);
    if (got <= 0) return 0;
    buffer[got] = 0;
    if (missing[which] < 0) {
        char *body = headers_end(buffer, &missing[which]);
        if (!body) return 0;
        if (missing[which] == -2) { missing[which] = strstr(body, "0\r\n\r\n") ? 0 : -3; }
        else missing[which] -= buffer + got - body;
    } else {
        missing[which] -= got;
    }
    if (missing[which] == -3) return 0;
    if (missing[which] <= 0) {
        static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        missing[which] = -1;
        send_all(s, ok, sizeof ok - 1);
    }
    return 1;
}

int main(int argc, char **argv) {
    (void)argc;
    const char *authority = getenv("AWS_LAMBDA_RUNTIME_API");
    if (!authority) return 1;
    int api = dial(authority);
    char header[256];
    const char *name = strrchr(argv[0], '/');
    snprintf(header, sizeof header, "Lambda-Extension-Name: %s\r\n", name ? name + 1 : argv[0]);
    request(api, "POST", "/2020-01-01/extension/register", header, "{\"events\":[\"INVOKE\",\"SHUTDOWN\"]}");
    response(api);
    char *found = strcasestr(buffer, "lambda-extension-identifier: ");
    if (!found) return 1;
    sscanf(found + 29, "%100[^\r]", id);
    snprintf(header, sizeof header, "Lambda-Extension-Identifier: %s\r\n", id);

    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, CONNECTIONS)
        || getsockname(listener, (struct sockaddr *)&address, &size)) fail("listen");
    char body[512];
    snprintf(body, sizeof body, "{\"schemaVersion\":\"2022-12-13\",\"types\":[\"platform\",\"function\"],\"buffering\":{\"maxItems\":1000,\"maxBytes\":262144,\"timeoutMs\":25},"
             "\"destination\":{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox.localdomain:%d\"}}", ntohs(address.sin_port));
    request(api, "PUT", "/2022-07-01/telemetry", header, body);
    response(api);

    struct pollfd fds[2 + CONNECTIONS] = { { .fd = api, .events = POLLIN }, { .fd = listener, .events = POLLIN } };
    for (int i = 0; i < CONNECTIONS; i++) fds[2 + i].fd = -1;
    request(api, "GET", "/2020-01-01/extension/event/next", header, "");
    for (;;) {
        if (poll(fds, 2 + CONNECTIONS, -1) < 0) fail("poll");
        if (fds[0].revents) {
            response(api);
            if (strstr(buffer, "\"SHUTDOWN\"")) return 0;
            request(api, "GET", "/2020-01-01/extension/event/next", header, "");
        }
        if (fds[1].revents) {
            int s = accept(listener, NULL, NULL), i = 0;
            while (i < CONNECTIONS && fds[2 + i].fd >= 0) i++;
            if (i == CONNECTIONS) close(s);
            else { fds[2 + i] = (struct pollfd){ .fd = s, .events = POLLIN }; missing[i] = -1; }
        }
        for (int i = 0; i < CONNECTIONS; i++)
            if (fds[2 + i].fd >= 0 && fds[2 + i].revents && !drain(fds[2 + i].fd, i)) { close(fds[2 + i].fd); fds[2 + i].fd = -1; }
    }
}
