/*
 * runbook_allow: comments of the form `# runbook: allow RB501 reason`. libyaml
 * drops comments, so the source text is scanned; a hit inside a script's own
 * comment counts as well, which is where people put it.
 */
#include "syntax/runbook_read.h"

#include <string.h>

static const char marker[] = "# runbook:";

static struct str rest_of_line(struct str text, size_t from)
{
	size_t end = from;
	while (end < text.n && text.p[end] != '\n' && text.p[end] != '\r')
		end++;
	return str_slice(text, from, end);
}

static bool read_allow(struct reader *r, struct str line, size_t at, struct allow *out)
{
	struct span span = span_of(r->src, (uint32_t)at, (uint32_t)(at + sizeof marker - 1 + line.n));
	struct str s = str_trim(line);
	out->span = span;
	if (!str_starts(s, STR("allow "))) {
		struct diag *d = diag_add(r->ds, 140, span, "this comment is not understood");
		diag_help(r->ds, d, "write `# runbook: allow RB501 reason`");
		return false;
	}
	s = str_trim(str_slice(s, 6, s.n));
	bool code = s.n >= 5 && s.p[0] == 'R' && s.p[1] == 'B';
	for (size_t i = 2; code && i < 5; i++) {
		code = s.p[i] >= '0' && s.p[i] <= '9';
		out->code = out->code * 10 + (s.p[i] - '0');
	}
	if (!code || (s.n > 5 && s.p[5] != ' ' && s.p[5] != ':')) {
		struct diag *d = diag_add(r->ds, 140, span, "`allow` needs a code");
		diag_help(r->ds, d, "write `# runbook: allow RB501 reason`");
		return false;
	}
	out->reason = str_trim(str_slice(s, s.n > 5 && s.p[5] == ':' ? 6 : 5, s.n));
	out->line = source_locate(r->src, (uint32_t)at).line;
	if (out->reason.n)
		return true;
	struct diag *d = diag_add(r->ds, 141, span, "`allow RB%03d` has no reason", out->code);
	diag_help(r->ds, d, "say why: `# runbook: allow RB%03d the backup stays`", out->code);
	return false;
}

void read_allows(struct reader *r)
{
	struct str text = r->src->text;
	const size_t length = sizeof marker - 1;
	uint32_t count = 0, cap = 0;
	struct allow *list = NULL;
	for (size_t at = 0; at < text.n;) {
		ptrdiff_t hit = str_find(str_slice(text, at, text.n), str_of(marker));
		if (hit < 0)
			break;
		size_t p = at + (size_t)hit;
		at = p + length;
		/* a comment starts a line or follows white space */
		if (p && text.p[p - 1] != ' ' && text.p[p - 1] != '\t' && text.p[p - 1] != '\n' && text.p[p - 1] != '\r')
			continue;
		if (count == cap) {
			uint32_t more = cap ? cap * 2 : 8;
			struct allow *grown = arena_array(r->a, more, sizeof *grown);
			if (count)
				memcpy(grown, list, count * sizeof *list);
			list = grown;
			cap = more;
		}
		memset(&list[count], 0, sizeof *list);
		if (read_allow(r, rest_of_line(text, at), p, &list[count]))
			count++;
	}
	r->rb->allows = list;
	r->rb->allow_count = count;
}
