#ifndef RB_HOST_HTTP_H
#define RB_HOST_HTTP_H
/*
 * http: requests through libcurl's multi interface, connections kept alive between
 * requests. libcurl works in a thread of its own, so that requests go on while the
 * run writes its records; results come from our loop like all others. libcurl is
 * loaded with dlopen at the first use.
 * http and https only, TLS verified, no redirects unless asked, sizes capped, no
 * name or password in the URL. Proxies as libcurl finds them in the environment;
 * CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR as the program curl does.
 * A request that is not GET or HEAD always opens a connection of its own: libcurl
 * repeats a request on its own when a kept connection turns out to be dead, and
 * such a one might have been acted on.
 * The loop owns a request until on_done returns.
 * Mail goes the same way, by SMTP: a call with an envelope.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

struct loop;
struct http;      /* the client: one a run */
struct http_call; /* one request */

enum { HTTP_BODY_MAX = 64 << 20, HTTP_HEADERS_MAX = 16 << 10, HTTP_HEADER_COUNT = 64 };

struct http_header { struct str name, value; };
/* An SMTP envelope; addresses without brackets. tls: STARTTLS is a must (smtp://); smtps:// needs it not. */
struct http_mail { struct str from; const struct str *to; size_t to_count; bool tls; };
struct http_result;
struct http_spec {
	/* Texts are borrowed until http_start returns, but for the body. */
	struct str method, url;               /* url complete, with query */
	const struct http_header *headers; size_t header_count;
	struct str body; bool has_body;       /* borrowed until on_done */
	struct str user, password;            /* basic auth, empty: none */
	struct str ca_file, cert_file, key_file; bool insecure;
	int follow;                           /* redirects to follow */
	bool confined;                        /* not to another scheme, host or port: that one must not see it */
	int64_t timeout;                      /* ns whole request, 0: 60 s connect, none in all */
	size_t max_body;                      /* 0: 64 MiB; more: the rest is not read */
	const struct http_mail *mail;         /* a mail, or NULL: url is smtp:// or smtps://, the body is the
	                                       * message with CRLF; only url, user, password, timeout count besides */
	void (*on_done)(void *arg, const struct http_result *r);
	void *arg;
};
struct http_result {
	bool answered;         /* the answer came whole, or up to max_body */
	bool timeout, stopped, truncated;
	bool maybe_sent;       /* the request may have reached the server (unknown end of a write) */
	bool hopeless;         /* not sent, and it would be the same the next time: a wrong URL, certificate, password */
	int status;            /* also of an answer that broke off; 0: none */
	struct str error;      /* libcurl's text if not answered */
	const struct http_header *headers; size_t header_count; /* names in lower case; of several
	                          * with one name one, values joined by ", " */
	struct str body;
	int64_t took;
};

/* agent: for User-Agent. NULL with *error set (static text) if libcurl cannot be used. */
struct http *http_new(struct loop *l, const char *agent, const char **error);
/* Calls under way are dropped; their on_done is not called. */
void http_free(struct http *h);
/* Never NULL: what cannot be sent arrives through on_done in a later turn. */
struct http_call *http_start(struct http *h, const struct http_spec *spec);
/* Breaks off; on_done comes in a later turn. */
void http_stop(struct http_call *c);

#endif
