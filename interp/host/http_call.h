#ifndef RB_HOST_HTTP_CALL_H
#define RB_HOST_HTTP_CALL_H
/*
 * http_call: the inside of http: one request and its easy handle, shared by
 * http_call.c (life of a request), http_send.c (what libcurl is told) and
 * http_head.c (headers of the answer).
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "host/curl.h"
#include "host/http.h"

struct loop;
struct loop_timer;

struct http_call {
	struct http *h;
	struct http_call *prev, *next;
	struct http_spec spec;
	CURL *easy;
	struct curl_slist *lines;    /* headers sent */
	struct buf head, body;       /* received; head: lines of the last answer */
	struct loop_timer *timer;    /* total time; or the end of what is refused or stopped */
	int64_t started;
	const char *refused;         /* never sent */
	bool stopped, timeout, truncated;
	bool rare;                   /* options are set that the next request must not have */
	bool get;                    /* the handle is set up for a plain GET */
	struct buf url;              /* the handle has it */
	CURLU *parts;                /* the same, taken apart once: checks ask one place again and again */
	char error[CURL_ERROR_SIZE];
};

struct http {
	struct loop *l;
	struct curl curl;
	CURLM *multi;
	const char *ca_file, *ca_dir; /* from the environment */
	bool proxies;                 /* the environment names some */
	struct buf agent, text;       /* text: NUL-terminated copies for libcurl */
	struct http_call *active, *spare;
	struct loop_timer *timer;     /* libcurl's */
	struct http_header headers[HTTP_HEADER_COUNT]; /* of the result being delivered */
	struct buf joined;            /* values of those that came several times */
};

/* http_send.c. Once for each easy handle: false if this libcurl is too old. */
bool send_options(struct http_call *c);
/* What c->spec says; NULL, or why it cannot be sent. */
const char *send_request(struct http_call *c);

/* http_head.c: libcurl's header callback; arg is the call. */
size_t head_line(char *p, size_t size, size_t n, void *arg);
/* Makes h->headers from c->head; returns how many. */
size_t head_list(struct http_call *c);

#endif
