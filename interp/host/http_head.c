#include "host/http_call.h"

#include <string.h>

/* http_head: the lines of an answer's head, and the list made from them. */

size_t head_line(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;

	n *= size;
	/* Interim answers, redirects and proxies: only the last head counts. */
	if (n >= 5 && !memcmp(p, "HTTP/", 5))
		buf_clear(&c->head);
	else
		buf_add(&c->head, p, n);
	return n;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Splits one line in place; false if it is no header. */
static bool split(char *line, size_t n, struct http_header *out)
{
	char *colon = memchr(line, ':', n);

	if (!colon || colon == line || line[0] == ' ' || line[0] == '\t')
		return false;
	for (char *p = line; p < colon; p++)
		*p = lower(*p);
	out->name = (struct str){ line, (size_t)(colon - line) };
	out->value = str_trim((struct str){ colon + 1, n - (size_t)(colon + 1 - line) });
	return true;
}

static struct http_header *find(struct http *h, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(h->headers[i].name, name))
			return &h->headers[i];
	return NULL;
}

/* h->joined has room for all: what it gave out must not move. */
static void join(struct http *h, struct http_header *to, struct str more)
{
	size_t at = h->joined.len;

	buf_adds(&h->joined, to->value);
	buf_addz(&h->joined, ", ");
	buf_adds(&h->joined, more);
	if (!h->joined.full)
		to->value = (struct str){ h->joined.p + at, h->joined.len - at };
}

size_t head_list(struct http_call *c)
{
	struct http *h = c->h;
	size_t count = 0, at = 0;

	buf_clear(&h->joined);
	while (at < c->head.len) {
		char *line = c->head.p + at, *nl = memchr(line, '\n', c->head.len - at);
		size_t n = nl ? (size_t)(nl - line) : c->head.len - at;
		struct http_header one, *same;

		at += n + 1;
		if (!split(line, n, &one))
			continue;
		same = find(h, count, one.name);
		if (same) {
			/* Each join copies the value so far: reserve the most before the first. */
			if (!h->joined.cap) {
				buf_fill(&h->joined, 0, h->joined.max);
				buf_clear(&h->joined);
			}
			join(h, same, one.value);
		} else if (count < HTTP_HEADER_COUNT) {
			h->headers[count++] = one;
		}
	}
	return count;
}
