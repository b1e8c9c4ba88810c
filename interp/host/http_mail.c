#include "host/http_call.h"

#include <string.h>

/* http_mail: what libcurl is told about a mail: envelope, text, encryption. libcurl doubles
 * the dots at the beginning of lines, as SMTP wants it. */

static size_t on_read(char *to, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;
	size_t left = c->spec.body.n - c->sent;

	n *= size;
	if (n > left)
		n = left;
	memcpy(to, c->spec.body.p + c->sent, n);
	c->sent += n;
	return n;
}

enum { REPLY_SECONDS = 10 };

/* Neither a bracket nor a control character: nothing can be added to the command. */
static bool address_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '<' || s.p[i] == '>')
			return false;
	return s.n > 0;
}

static bool add_receiver(struct http_call *c, struct str address)
{
	struct buf *b = &c->h->text;
	struct curl_slist *l;

	buf_clear(b);
	buf_addc(b, '<');
	buf_adds(b, address);
	buf_addc(b, '>');
	l = c->h->curl.slist_append(c->lines, b->p);
	if (l)
		c->lines = l;
	return l != NULL;
}

static const char *set_envelope(struct http_call *c)
{
	const struct http_mail *m = c->spec.mail;

	if (!m->to_count)
		return "the mail has no receiver";
	for (size_t i = 0; i < m->to_count; i++) {
		if (!address_ok(m->to[i]))
			return "a receiver's address has characters that are not allowed";
		if (!add_receiver(c, m->to[i]))
			return "no memory for the receivers";
	}
	if (!address_ok(m->from) || !send_text(c, CURLOPT_MAIL_FROM, m->from))
		return "the sender's address has characters that are not allowed";
	(void)c->h->curl.easy_setopt(c->easy, CURLOPT_MAIL_RCPT, c->lines);
	return NULL;
}

const char *mail_request(struct http_call *c)
{
	const struct curl *u = &c->h->curl;
	const struct http_spec *s = &c->spec;
	const char *wrong;

	u->easy_reset(c->easy); /* nothing of the request before it */
	(void)send_options(c);
	c->rare = true;
	c->sent = 0;
	if (u->easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps"))
		return "this libcurl cannot send mail";
	if (!send_text(c, CURLOPT_URL, s->url))
		return "the server's name cannot be used";
	wrong = set_envelope(c);
	if (wrong)
		return wrong;
	(void)u->easy_setopt(c->easy, CURLOPT_USE_SSL, (long)(s->mail->tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	/* The others shall get it: mail_refusal() tells of one that the server does not want. */
	(void)u->easy_setopt(c->easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	if (s->user.n && (!send_text(c, CURLOPT_USERNAME, s->user) || !send_text(c, CURLOPT_PASSWORD, s->password)))
		return "the user name or password cannot be used";
	(void)u->easy_setopt(c->easy, CURLOPT_UPLOAD, 1L);
	(void)u->easy_setopt(c->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->body.n);
	(void)u->easy_setopt(c->easy, CURLOPT_READFUNCTION, on_read);
	(void)u->easy_setopt(c->easy, CURLOPT_READDATA, (void *)c);
	(void)u->easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, 1L);
	(void)u->easy_setopt(c->easy, CURLOPT_FORBID_REUSE, 1L); /* says QUIT, */
	(void)u->easy_setopt(c->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)REPLY_SECONDS); /* and waits for its answer no longer */
	return NULL;
}

struct str mail_refusal(const struct http_call *c)
{
	struct str head = c->head.p ? buf_str(&c->head) : STR("");

	for (size_t at = 0; at < head.n;) {
		const char *nl = memchr(head.p + at, '\n', head.n - at);
		size_t end = nl ? (size_t)(nl - head.p) : head.n;
		struct str line = str_trim(str_slice(head, at, end));

		if (line.n > 4 && (line.p[0] == '4' || line.p[0] == '5') && line.p[3] == ' ')
			return line;
		at = end + 1;
	}
	return STR("");
}
