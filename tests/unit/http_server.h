#ifndef RB_TESTS_UNIT_HTTP_SERVER_H
#define RB_TESTS_UNIT_HTTP_SERVER_H
/*
 * http_server: a small and ill-behaved web server in threads of the test. What
 * it does stands in the path: /ok /echo /silent /reset /half /drop /big /redir /redir-away
 * /dup /once /status/503.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct http_server {
	int fd, port;
	pthread_t thread;
	int peers, peer_fds[256];  /* connections that are open */
	int connections, requests; /* so far; read with __atomic_load_n */
};

struct http_server_peer { struct http_server *s; int fd; };

static inline int http_server_send(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = send(fd, p, n, MSG_NOSIGNAL);

		if (w <= 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

static inline int http_server_answer(int fd, int status, const char *more, const char *body, size_t n)
{
	char head[512];
	int len = snprintf(head, sizeof(head), "HTTP/1.1 %d Any\r\nContent-Length: %zu\r\n%s\r\n", status, n, more);

	return http_server_send(fd, head, (size_t)len) || http_server_send(fd, body, n) ? -1 : 0;
}

/* Reads a request with its body; its length, or 0 at the end. */
static inline size_t http_server_read(int fd, char *buf, size_t size)
{
	size_t n = 0;

	for (;;) {
		char *end = memmem(buf, n, "\r\n\r\n", 4), *cl;
		size_t want = 0;
		ssize_t r;

		if (end) {
			buf[n] = 0;
			cl = strcasestr(buf, "content-length: ");
			want = (size_t)(end + 4 - buf) + (cl && cl < end ? (size_t)strtoul(cl + 16, NULL, 10) : 0);
			if (n >= want)
				return n;
		}
		r = n + 1 < size ? recv(fd, buf + n, size - 1 - n, 0) : 0;
		if (r <= 0)
			return 0;
		n += (size_t)r;
	}
}

static inline void http_server_abort(int fd)
{
	struct linger now = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)); /* close sends RST */
}

/* -1: close the connection. */
static inline int http_server_act(int fd, const char *req, size_t n, const char *path)
{
	char *big;
	int err;

	if (!strncmp(req, "HEAD ", 5))
		return http_server_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 38);
	if (!strncmp(path, "/ok", 3))
		return http_server_answer(fd, 200, "X-Test: Yes\r\n", "hello", 5);
	if (!strncmp(path, "/once", 5)) { /* says keep-alive, but closes */
		http_server_answer(fd, 200, "", "once", 4);
		return -1;
	}
	if (!strncmp(path, "/echo", 5))
		return http_server_answer(fd, 200, "", req, n);
	if (!strncmp(path, "/status/", 8))
		return http_server_answer(fd, atoi(path + 8), "", "why", 3);
	if (!strncmp(path, "/dup", 4))
		return http_server_answer(fd, 200, "A: 1\r\nB: x\r\na: 2\r\nEmpty:\r\nA: 3\r\n", "", 0);
	if (!strncmp(path, "/redir-away", 11)) { /* the same server by another name */
		const char *port = strstr(req, "\r\nHost: 127.0.0.1:");
		char line[100];

		snprintf(line, sizeof(line), "Location: http://localhost:%d/ok\r\n", port ? atoi(port + 18) : 0);
		return http_server_answer(fd, 307, line, "moved", 5);
	}
	if (!strncmp(path, "/redir", 6))
		return http_server_answer(fd, 302, "Location: /ok\r\nX-First: 1\r\n", "moved", 5);
	if (!strncmp(path, "/silent", 7)) {
		char c;

		while (recv(fd, &c, 1, 0) > 0)
			continue;
		return -1;
	}
	if (!strncmp(path, "/half", 5)) {
		const char *half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789";

		http_server_send(fd, half, strlen(half));
		return -1;
	}
	if (!strncmp(path, "/reset", 6)) {
		http_server_send(fd, "HTTP/1.1 200 OK\r\nContent-", 25);
		http_server_abort(fd);
		return -1;
	}
	if (!strncmp(path, "/big", 4)) {
		size_t size = 8 << 20;

		big = malloc(size);
		memset(big, 'b', size);
		err = http_server_answer(fd, 200, "", big, size);
		free(big);
		return err;
	}
	return -1; /* /drop: no answer at all */
}

static inline void *http_server_peer(void *arg)
{
	struct http_server_peer *p = arg;
	size_t size = 4 << 20, n;
	char *buf = malloc(size);

	while ((n = http_server_read(p->fd, buf, size))) {
		char *path = strchr(buf, ' ');

		__atomic_add_fetch(&p->s->requests, 1, __ATOMIC_SEQ_CST);
		if (!path || http_server_act(p->fd, buf, n, path + 1))
			break;
	}
	for (int i = 0; i < 256; i++)
		if (__atomic_load_n(&p->s->peer_fds[i], __ATOMIC_SEQ_CST) == p->fd)
			__atomic_store_n(&p->s->peer_fds[i], 0, __ATOMIC_SEQ_CST);
	close(p->fd);
	free(buf);
	__atomic_sub_fetch(&p->s->peers, 1, __ATOMIC_SEQ_CST); /* the server may be gone after this */
	free(p);
	return NULL;
}

static inline void *http_server_accept(void *arg)
{
	struct http_server *s = arg;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		struct http_server_peer *p = malloc(sizeof(*p));
		pthread_t t;

		__atomic_add_fetch(&s->connections, 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&s->peers, 1, __ATOMIC_SEQ_CST);
		for (int i = 0; i < 256; i++)
			if (!__atomic_load_n(&s->peer_fds[i], __ATOMIC_SEQ_CST)) {
				__atomic_store_n(&s->peer_fds[i], fd, __ATOMIC_SEQ_CST);
				break;
			}
		*p = (struct http_server_peer){ s, fd };
		if (pthread_create(&t, NULL, http_server_peer, p))
			abort();
		pthread_detach(t);
	}
	return NULL;
}

static inline void http_server_start(struct http_server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);

	memset(s, 0, sizeof(*s));
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, sizeof(a)) || listen(s->fd, 64) ||
	    getsockname(s->fd, (struct sockaddr *)&a, &n) || pthread_create(&s->thread, NULL, http_server_accept, s))
		abort();
	s->port = ntohs(a.sin_port);
}

static inline void http_server_stop(struct http_server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	for (int i = 0; i < 256; i++)
		if (s->peer_fds[i])
			shutdown(s->peer_fds[i], SHUT_RDWR);
	for (int i = 0; i < 3000 && __atomic_load_n(&s->peers, __ATOMIC_SEQ_CST); i++)
		usleep(1000);
	close(s->fd);
}

#endif
