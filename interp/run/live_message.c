#include "run/live_world.h"

#include "host/clock.h"
#include "host/http.h"
#include "host/loop.h"

/*
 * live_message: a message is tried again when the service was busy or could not be
 * reached: 429 and 5xx, SMTP's 4yz, a connection that failed, no answer in time.
 * The service may say when (Retry-After). All tries share the message's timeout, so
 * a channel holds a run up no longer than one that hangs. For the engine this is one
 * message with one result.
 */

static const int64_t second = 1000000000;
enum { TRIES_MAX = 4, TRY_SECONDS = 10, REASON_MAX = 200 };

int64_t live_message_begin(struct live_op *op)
{
	int64_t now = clock_boot(), left;

	if (!op->tries++)
		op->began = now;
	left = op->began + op->c.timeout - now;
	return left < TRY_SECONDS * second ? left > 0 ? left : 1 : TRY_SECONDS * second;
}

static bool is_mail(const struct live_op *op)
{
	return op->c.kind == OP_MAIL;
}

static bool passing(const struct live_op *op, const struct http_result *r)
{
	if (r->hopeless || r->stopped)
		return false;
	if (is_mail(op)) /* the code is the server's last reply, 5yz: never */
		return !r->answered && r->status < 500;
	return !r->answered || r->status == 429 || r->status >= 500;
}

/* Seconds; -1: none, or a date. */
static int64_t retry_after(const struct http_result *r)
{
	for (size_t i = 0; i < r->header_count; i++) {
		struct str v = r->headers[i].value;
		int64_t n = 0;

		if (!str_eqz(r->headers[i].name, "retry-after"))
			continue;
		for (size_t k = 0; k < v.n; k++) {
			if (v.p[k] < '0' || v.p[k] > '9' || k > 8)
				return -1;
			n = n * 10 + (v.p[k] - '0');
		}
		return v.n ? n : -1;
	}
	return -1;
}

static void on_time(void *arg)
{
	struct live_op *op = arg;

	op->timer = NULL;
	if (is_mail(op))
		live_mail(op);
	else
		live_request(op);
}

bool live_message_again(struct live_op *op, const struct http_result *r)
{
	int64_t now = clock_boot(), wait = second << (op->tries - 1), asked = retry_after(r);

	if (!passing(op, r) || op->tries >= TRIES_MAX)
		return false;
	if (asked >= 0)
		wait = asked * second;
	if (now + wait >= op->began + op->c.timeout)
		return false;
	op->timer = loop_at(op->l->loop, now + wait, on_time, op);
	return true;
}

void live_message_reason(struct live_op *op, const struct http_result *r)
{
	struct str s = str_trim(r->body);
	size_t n = 0;

	if (r->status >= 200 && r->status < 300)
		return;
	while (n < s.n && (unsigned char)s.p[n] >= ' ' && n < REASON_MAX)
		n++;
	s = str_slice(s, 0, n);
	s = str_slice(s, 0, utf8_bad_at(s)); /* and not in the midst of a character */
	buf_adds(&op->text, s);
}
