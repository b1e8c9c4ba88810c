#ifndef RB_HOST_HTTP_CALL_H
#define RB_HOST_HTTP_CALL_H
/*
 * http_call: the inside of http: one request and its easy handle, shared by
 * http_call.c (a request from http_start to on_done), http_work.c (the thread that
 * runs requests), http_send.c (what libcurl is told) and http_head.c (headers of
 * the answer).
 *
 * A call belongs to one side at a time: to the run's from http_start until it
 * stands in `asked`, to its worker's until it stands in `done`, then to the run's
 * again. What both sides touch stands behind `lock`.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "host/curl.h"
#include "host/http.h"

struct loop;
struct loop_fd;
struct loop_timer;

struct http_worker;

struct http_call {
	struct http *h;
	struct http_worker *worker;  /* which has it; the run's side's */
	struct http_call *next;      /* in its list */
	struct http_call *prev;      /* while active */
	struct http_spec spec;
	CURL *easy;
	struct curl_slist *lines;    /* headers sent, or receivers of a mail */
	size_t sent;                 /* of a mail's text */
	struct buf head, body;       /* received; head: lines of the last answer */
	int64_t started, until, took; /* until: the end of its total time */
	CURLcode code;               /* libcurl's verdict */
	const char *refused;         /* never sent */
	bool away;                   /* by lock: asked or active */
	bool stop;                   /* by lock: http_stop was called */
	bool stopped, timeout, truncated;
	bool strayed;                /* confined, and redirected to another origin */
	struct buf origin;           /* of a confined one: scheme, host and port of the first URL */
	bool rare;                   /* options are set that the next request must not have */
	bool limited;                /* the handle has a time limit for connecting */
	bool get;                    /* the handle is set up for a plain GET */
	struct buf url;              /* the handle has it */
	CURLU *parts;                /* the same, taken apart once: checks ask one place again and again */
	char error[CURL_ERROR_SIZE];
};

struct http_list { struct http_call *first, *last; };

/* A thread and the requests that it runs, over connections of its own. */
struct http_worker {
	struct http *h;
	CURLM *multi;                 /* the thread's, once it is there */
	struct http_call *active;
	struct http_list over;        /* ended in this turn */
	pthread_t thread;
	bool threaded;                /* set before the thread starts */
	/* by lock */
	struct http_list asked;
	uint32_t load;                /* calls that it has */
	bool asleep, quit, stops;     /* stops: some call shall be stopped */
};

enum {
	HTTP_WORKERS = 2,
	HTTP_WORKER_FULL = 4          /* who has so many at once gets the second one, too */
};

struct http {
	struct curl curl;
	/* the run's side */
	struct loop *l;
	struct loop_fd *watch;        /* of told */
	const char *ca_file, *ca_dir; /* from the environment */
	bool proxies;                 /* the environment names some */
	struct buf agent, text;       /* text: NUL-terminated copies for libcurl */
	struct curl_slist *usual_lines; /* headers of requests that have none of their own; NULL: none */
	struct http_call *spare;
	struct http_header headers[HTTP_HEADER_COUNT]; /* of the result being delivered */
	struct buf joined;            /* values of those that came several times */
	struct loop_timer *turn;      /* without a thread: of the next turn */
	int workers;                  /* of those below; a second one that could not be had counts, too */
	struct http_worker worker[HTTP_WORKERS];
	/* both: set before a thread starts, or by lock */
	int told;                     /* eventfd: something is done */
	pthread_mutex_t lock;
	struct http_list done;
};

void http_list_add(struct http_list *l, struct http_call *c);

/* http_work.c. Starts the first worker, or prepares to do without threads; false: no descriptors. */
bool work_start(struct http *h);
/* Ends them; then everything is the run's side's, and all calls stand in h->done. */
void work_end(struct http *h);
/* Behind that, when no easy handle is left. */
void work_free(struct http *h);
/* Gives a worker a call. */
void work_ask(struct http *h, struct http_call *c);
/* Asks it to break a call off, if it has it. */
void work_stop(struct http_call *c);

/* http_send.c. Once for each easy handle: false if this libcurl is too old. */
bool send_options(struct http_call *c);
/* What c->spec says; NULL, or why it cannot be sent. */
const char *send_request(struct http_call *c);
/* Gives libcurl a copy of s with a NUL. False: s has one itself, or libcurl does not take it. */
bool send_text(struct http_call *c, CURLoption option, struct str s);

/* http_mail.c: the same for a mail; and what its receivers came to: the server's line about
 * one that it refused, or empty. */
const char *mail_request(struct http_call *c);
struct str mail_refusal(const struct http_call *c);

/* http_head.c: libcurl's header callback; arg is the call. */
size_t head_line(char *p, size_t size, size_t n, void *arg);
/* Makes h->headers from c->head; returns how many. */
size_t head_list(struct http_call *c);

#endif
