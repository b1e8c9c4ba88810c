#include "eval/regex_groups.h"

enum { OPEN_MAX = 64 };

/* An open group. */
struct level {
	bool target;       /* it is the group that was asked for */
	bool holds;        /* the group that was asked for is inside */
	bool alternatives; /* a | was seen directly in it */
	bool doubtful;     /* lookaround */
};

struct reader {
	struct str p;
	size_t at;
	uint32_t captures, number, depth;
	struct level levels[OPEN_MAX + 1];
};

static char peek(const struct reader *r, size_t ahead)
{
	return r->at + ahead < r->p.n ? r->p.p[r->at + ahead] : '\0';
}

/* Past a [class], at its '['. */
static void skip_class(struct reader *r)
{
	r->at++;
	if (peek(r, 0) == '^')
		r->at++;
	if (peek(r, 0) == ']')
		r->at++;
	while (r->at < r->p.n && peek(r, 0) != ']') {
		if (peek(r, 0) == '\\') {
			r->at++;
		} else if (peek(r, 0) == '[' && peek(r, 1) == ':') { /* [[:alpha:]] */
			while (r->at < r->p.n && !(peek(r, 0) == ':' && peek(r, 1) == ']'))
				r->at++;
			r->at++;
		}
		r->at++;
	}
	r->at++;
}

static bool is_name_start(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* (?im) and (?im: ; false if there is a flag that changes what the reader must know. */
static bool skip_flags(struct reader *r)
{
	for (r->at += 2; peek(r, 0) != ')' && peek(r, 0) != ':'; r->at++)
		if (peek(r, 0) != 'i' && peek(r, 0) != 'm' && peek(r, 0) != 's' && peek(r, 0) != '-' && peek(r, 0) != 'U')
			return false;
	if (peek(r, 0) == ':') {
		if (r->depth == OPEN_MAX)
			return false;
		r->levels[++r->depth] = (struct level){ .target = false };
	}
	r->at++;
	return true;
}

/* At '('. False if the reader does not know what it opens. */
static bool open_group(struct reader *r)
{
	struct level l = { .target = false };
	bool captures = peek(r, 1) != '?' && peek(r, 1) != '*';
	char c = peek(r, 2), next = peek(r, 3);

	if (!captures) {
		if (peek(r, 1) == '*')
			return false;
		if (c == 'i' || c == 'm' || c == 's' || c == '-' || c == 'U')
			return skip_flags(r);
		if ((c == 'P' && next == '<') || ((c == '<' || c == '\'') && is_name_start(next)))
			captures = true;
		else if (c == '=' || c == '!' || c == '<')
			l.doubtful = true;
		else if (c != ':' && c != '>')
			return false;
	}
	if (r->depth == OPEN_MAX)
		return false;
	l.target = captures && ++r->captures == r->number;
	r->levels[++r->depth] = l;
	r->at += captures && peek(r, 1) != '?' ? 1 : 3;
	return true;
}

/* At ')'. False if the group that was asked for may be passed over. */
static bool close_group(struct reader *r)
{
	const struct level *l = &r->levels[r->depth];
	bool inside = l->target || l->holds;
	char c;

	if (!r->depth || (l->holds && (l->alternatives || l->doubtful)))
		return false;
	r->depth--;
	r->at++;
	c = peek(r, 0);
	if (inside && (c == '?' || c == '*' || (c == '{' && (peek(r, 1) == '0' || peek(r, 1) == ','))))
		return false;
	r->levels[r->depth].holds = r->levels[r->depth].holds || inside;
	return true;
}

bool regex_group_is_sure(struct str pattern, uint32_t number)
{
	struct reader r = { .p = pattern, .number = number };

	while (r.at < pattern.n) {
		switch (peek(&r, 0)) {
		case '\\':
			if (peek(&r, 1) == 'Q')
				return false;
			r.at += 2;
			break;
		case '[':
			skip_class(&r);
			break;
		case '|':
			r.levels[r.depth].alternatives = true;
			r.at++;
			break;
		case '(':
			if (!open_group(&r))
				return false;
			break;
		case ')':
			if (!close_group(&r))
				return false;
			break;
		default:
			r.at++;
		}
	}
	return r.levels[0].holds && !r.levels[0].alternatives;
}
