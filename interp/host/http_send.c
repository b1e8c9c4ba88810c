#include "host/http_call.h"

#include <string.h>

/* http_send: what libcurl is told about a request. */

enum { CONNECT_SECONDS = 60 };

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;
	size_t room = c->spec.max_body - c->body.len;

	n *= size;
	if (n > room) {
		buf_add(&c->body, p, room);
		c->truncated = true;
		return n ? 0 : 1; /* breaks off */
	}
	buf_add(&c->body, p, n);
	return n;
}

/* `https://host:1` of a URL. */
static struct str origin_of(const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return (struct str){ url, (size_t)(host - url) + strcspn(host, "/?#") };
}

/* The connection is there, nothing is sent yet. */
static int before_sending(void *arg, char *to, char *from, int to_port, int from_port)
{
	struct http_call *c = arg;
	char *url = NULL;
	long redirects = 0;

	(void)to, (void)from, (void)to_port, (void)from_port;
	(void)c->h->curl.easy_getinfo(c->easy, CURLINFO_EFFECTIVE_URL, &url);
	(void)c->h->curl.easy_getinfo(c->easy, CURLINFO_REDIRECT_COUNT, &redirects);
	if (url && !redirects) {
		buf_clear(&c->origin);
		buf_adds(&c->origin, origin_of(url));
		return CURL_PREREQFUNC_OK;
	}
	c->strayed = !url || !str_eq(buf_str(&c->origin), origin_of(url));
	return c->strayed ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

bool send_options(struct http_call *c)
{
	const struct curl *u = &c->h->curl;
	CURL *e = c->easy;

	(void)u->easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	(void)u->easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* or a stop would wait for a slow name server */
	(void)u->easy_setopt(e, CURLOPT_PRIVATE, (void *)c);
	(void)u->easy_setopt(e, CURLOPT_ERRORBUFFER, c->error);
	(void)u->easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	(void)u->easy_setopt(e, CURLOPT_WRITEDATA, (void *)c);
	(void)u->easy_setopt(e, CURLOPT_HEADERFUNCTION, head_line);
	(void)u->easy_setopt(e, CURLOPT_HEADERDATA, (void *)c);
	(void)u->easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	(void)u->easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	(void)u->easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
	(void)u->easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	if (c->h->ca_file)
		(void)u->easy_setopt(e, CURLOPT_CAINFO, c->h->ca_file);
	if (c->h->ca_dir)
		(void)u->easy_setopt(e, CURLOPT_CAPATH, c->h->ca_dir);
	if (!c->h->proxies) { /* or it would look into the environment for every request */
		(void)u->easy_setopt(e, CURLOPT_PROXY, "");
		(void)u->easy_setopt(e, CURLOPT_NOPROXY, "");
	} else { /* proxies are told it, too, when they are asked for a tunnel */
		(void)u->easy_setopt(e, CURLOPT_USERAGENT, c->h->agent.p);
	}
	(void)u->easy_setopt(e, CURLOPT_HTTPHEADER, c->h->usual_lines);
	c->rare = c->get = c->limited = false;
	buf_clear(&c->url);
	return !u->easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") &&
	       !u->easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
}

bool send_text(struct http_call *c, CURLoption option, struct str s)
{
	struct buf *b = &c->h->text;

	if (memchr(s.p, 0, s.n))
		return false;
	buf_clear(b);
	buf_adds(b, s);
	buf_addc(b, 0);
	return !b->full && !c->h->curl.easy_setopt(c->easy, option, b->p);
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char ch = s.p[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
		      (ch && strchr("!#$%&'*+-.^_`|~", ch))))
			return false;
	}
	return s.n > 0;
}

static bool same_name(struct str a, const char *b)
{
	if (a.n != strlen(b))
		return false;
	for (size_t i = 0; i < a.n; i++)
		if ((a.p[i] | 0x20) != (b[i] | 0x20))
			return false;
	return true;
}

static bool add_line(struct http_call *c, const char *line)
{
	struct curl_slist *l = c->h->curl.slist_append(c->lines, line);

	if (l)
		c->lines = l;
	return l != NULL;
}

static const char *set_headers(struct http_call *c)
{
	const struct http_spec *s = &c->spec;
	struct buf *b = &c->h->text;
	bool typed = false, named = c->h->proxies; /* which agent asks: else libcurl knows */

	if (!s->header_count && !s->has_body) /* as it is: recycle() leaves the usual ones */
		return NULL;
	for (size_t i = 0; i < s->header_count; i++) {
		struct http_header h = s->headers[i];

		if (!is_token(h.name))
			return "a header name has characters that are not allowed";
		if (memchr(h.value.p, '\n', h.value.n) || memchr(h.value.p, '\r', h.value.n) || memchr(h.value.p, 0, h.value.n))
			return "a header value has a line break or NUL";
		typed = typed || same_name(h.name, "content-type");
		named = named || same_name(h.name, "user-agent");
		buf_clear(b);
		buf_adds(b, h.name);
		buf_addz(b, h.value.n ? ": " : ";"); /* libcurl's way to write an empty one */
		buf_adds(b, h.value);
		buf_addc(b, 0);
		if (b->full || !add_line(c, b->p))
			return "the headers are too long";
	}
	/* Waiting for `100 Continue` would cost a second where nobody answers it. */
	if (s->has_body && (!add_line(c, "Expect:") || (!typed && !add_line(c, "Content-Type:"))))
		return "no memory for the headers";
	if (!named && !add_line(c, c->h->usual_lines->data))
		return "no memory for the headers";
	(void)c->h->curl.easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->lines);
	return NULL;
}

static const char *set_method(struct http_call *c)
{
	const struct http_spec *s = &c->spec;
	const struct curl *u = &c->h->curl;
	bool get = str_eqz(s->method, "GET"), head = str_eqz(s->method, "HEAD"), post = str_eqz(s->method, "POST");
	bool sends = s->has_body || post || str_eqz(s->method, "PUT") || str_eqz(s->method, "PATCH");

	if (!is_token(s->method) || s->method.n > 32)
		return "the method is not a word";
	if (head && s->has_body)
		return "a HEAD request cannot have a body";
	if (get && !s->has_body && c->get)
		return NULL; /* as the one before: polls and checks */
	c->get = get && !s->has_body;
	(void)u->easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	(void)u->easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, NULL);
	if (head)
		(void)u->easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
	if (sends) { /* also without a body: then with `Content-Length: 0` */
		(void)u->easy_setopt(c->easy, CURLOPT_POST, 1L);
		(void)u->easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->body.n);
		(void)u->easy_setopt(c->easy, CURLOPT_POSTFIELDS, s->body.n ? s->body.p : "");
	}
	if ((!get || sends) && !head && !(post && sends))
		(void)send_text(c, CURLOPT_CUSTOMREQUEST, s->method);
	(void)u->easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, get || head ? 0L : 1L);
	return NULL;
}

static const char *set_auth_and_tls(struct http_call *c)
{
	const struct http_spec *s = &c->spec;
	const struct curl *u = &c->h->curl;

	if (!s->user.n && !s->password.n && !s->ca_file.n && !s->cert_file.n && !s->key_file.n && !s->insecure)
		return NULL;
	c->rare = true;
	if (s->user.n || s->password.n) {
		(void)u->easy_setopt(c->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		if (!send_text(c, CURLOPT_USERNAME, s->user) || !send_text(c, CURLOPT_PASSWORD, s->password))
			return "the user name or password cannot be used";
	}
	if (s->ca_file.n) { /* this one and no other */
		(void)u->easy_setopt(c->easy, CURLOPT_CAPATH, NULL);
		if (!send_text(c, CURLOPT_CAINFO, s->ca_file))
			return "the CA file cannot be used";
	}
	if (s->cert_file.n && !send_text(c, CURLOPT_SSLCERT, s->cert_file))
		return "the certificate cannot be used";
	if (s->key_file.n && !send_text(c, CURLOPT_SSLKEY, s->key_file))
		return "the key cannot be used";
	if (s->insecure) {
		(void)u->easy_setopt(c->easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)u->easy_setopt(c->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	return NULL;
}

/* libcurl's own limit is a timer for each request: not where ours comes before it. */
static void set_connect_limit(struct http_call *c)
{
	bool limited = c->spec.timeout <= 0 || c->spec.timeout >= CONNECT_SECONDS * INT64_C(1000000000);

	if (limited != c->limited)
		(void)c->h->curl.easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, limited ? CONNECT_SECONDS * 1000L : 0L);
	c->limited = limited;
}

/* The whole text is what counts if it cannot be taken apart: libcurl then says why. */
static bool set_url(struct http_call *c)
{
	const struct curl *u = &c->h->curl;

	if (str_eq(buf_str(&c->url), c->spec.url))
		return true;
	buf_clear(&c->url);
	if (!send_text(c, CURLOPT_URL, c->spec.url))
		return false;
	/* With a host in it libcurl would take a text that is no URL for a path at that host. */
	(void)u->url_set(c->parts, CURLUPART_HOST, NULL, 0);
	if (u->url_set(c->parts, CURLUPART_URL, c->h->text.p, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER))
		(void)u->easy_setopt(c->easy, CURLOPT_CURLU, NULL);
	else
		(void)u->easy_setopt(c->easy, CURLOPT_CURLU, c->parts);
	buf_adds(&c->url, c->spec.url);
	return true;
}

const char *send_request(struct http_call *c)
{
	const struct curl *u = &c->h->curl;
	const char *wrong;

	set_connect_limit(c);
	if (c->spec.mail)
		return mail_request(c);
	if (!set_url(c))
		return "the URL has a NUL byte or is too long";
	wrong = set_method(c);
	if (!wrong)
		wrong = set_headers(c);
	if (!wrong)
		wrong = set_auth_and_tls(c);
	if (c->spec.follow > 0) {
		c->rare = true;
		(void)u->easy_setopt(c->easy, CURLOPT_FOLLOWLOCATION, 1L);
		(void)u->easy_setopt(c->easy, CURLOPT_MAXREDIRS, (long)c->spec.follow);
		if (c->spec.confined && (u->easy_setopt(c->easy, CURLOPT_PREREQFUNCTION, before_sending) ||
					 u->easy_setopt(c->easy, CURLOPT_PREREQDATA, (void *)c)))
			return "this libcurl cannot keep a request with a secret on its host";
	}
	return wrong;
}
