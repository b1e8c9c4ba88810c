#include "value/modlock.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"

/* modlock: lines of four fields between single spaces. */

#define HEADER "# runbook.lock 1"

bool modlock_same_major(const struct version *a, const struct version *b)
{
	return str_eq(a->prefix, b->prefix) && a->part[0] == b->part[0];
}

const struct modlock_line *modlock_find(const struct modlock *m, struct str source, const struct version *want)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (str_eq(m->lines[i].source, source) && modlock_same_major(&m->lines[i].version, want))
			return &m->lines[i];
	return NULL;
}

/* Next field, up to a space or the end. */
static struct str field(struct str line, size_t *at)
{
	size_t from = *at;

	while (*at < line.n && line.p[*at] != ' ')
		(*at)++;
	return str_slice(line, from, (*at < line.n ? (*at)++ : *at));
}

static bool is_conflict(struct str line)
{
	return str_starts(line, STR("<<<<<<<")) || str_starts(line, STR("=======")) || str_starts(line, STR(">>>>>>>")) ||
	       str_starts(line, STR("|||||||"));
}

static const char *read_line(struct arena *a, struct str line, struct modlock_line *out)
{
	struct fault f;
	size_t at = 0;
	struct str commit, tree;

	if (is_conflict(line))
		return "a merge has left a conflict here";
	out->source = field(line, &at);
	out->tag = field(line, &at);
	commit = field(line, &at);
	tree = field(line, &at);
	if (at < line.n || !tree.n)
		return "a line is `SOURCE TAG commit=ID tree=sha256:DIGEST`";
	if (!spec_parse(a, arena_printf(a, STR_FMT "@" STR_FMT, STR_ARG(out->source), STR_ARG(out->tag)), &out->spec, &f) ||
	    out->spec.kind != SPEC_GIT || !str_eq(out->spec.version, out->tag))
		return "this is no source of a module and its version";
	if (!version_parse(out->tag, &out->version))
		return "the tag is no version";
	out->commit = str_starts(commit, STR("commit=")) ? str_slice(commit, 7, commit.n) : STR("");
	out->tree = str_starts(tree, STR("tree=")) ? str_slice(tree, 5, tree.n) : STR("");
	if (!spec_is_id(out->commit, 40))
		return "commit= needs 40 hex digits";
	if (!str_starts(out->tree, STR("sha256:")) || !spec_is_id(str_slice(out->tree, 7, out->tree.n), 64))
		return "tree= needs sha256: and 64 hex digits";
	return NULL;
}

static const char *take_line(struct arena *a, struct modlock *m, struct str line, uint32_t number)
{
	struct modlock_line *l = &m->lines[m->count];
	const struct modlock_line *twin;
	const char *why;

	if (!line.n || (line.p[0] == '#' && number > 1))
		return NULL;
	if (m->count == MODLOCK_LINES_MAX)
		return "there are more than 2,000 modules";
	*l = (struct modlock_line){ .line = number };
	why = read_line(a, line, l);
	if (why)
		return why;
	twin = modlock_find(m, l->source, &l->version);
	if (twin)
		return arena_printf(a, "this module is in line %u already", twin->line).p;
	m->count++;
	return NULL;
}

bool modlock_parse(struct arena *a, struct str text, struct modlock *out, uint32_t *line, struct str *why)
{
	uint32_t n = 0, lines = 1;
	const char *bad = NULL;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	*out = (struct modlock){ .lines = arena_array(a, lines < MODLOCK_LINES_MAX ? lines + 1 : MODLOCK_LINES_MAX + 1, sizeof(*out->lines)) };
	for (size_t at = 0; at < text.n && !bad;) {
		struct str rest = str_slice(text, at, text.n), one;
		ptrdiff_t end = str_find(rest, STR("\n"));

		one = str_slice(rest, 0, end < 0 ? rest.n : (size_t)end);
		at += one.n + 1;
		if (one.n && one.p[one.n - 1] == '\r')
			one.n--;
		if (++n > 1)
			bad = take_line(a, out, one, n);
		else if (!str_eqz(one, HEADER))
			bad = is_conflict(one) ? "a merge has left a conflict here" : str_starts(one, STR("# runbook.lock ")) ? "another version of the program wrote it" : "it does not begin with `" HEADER "`";
	}
	*line = n ? n : 1;
	if (!n)
		bad = "it does not begin with `" HEADER "`";
	*why = str_of(bad ? bad : "");
	return !bad;
}

static int by_source(const void *x, const void *y)
{
	const struct modlock_line *a = x, *b = y;
	int c = str_cmp(a->source, b->source);

	if (!c)
		c = str_cmp(a->version.prefix, b->version.prefix);
	return c ? c : (a->version.part[0] > b->version.part[0]) - (a->version.part[0] < b->version.part[0]);
}

void modlock_print(struct modlock *m, struct buf *out)
{
	if (m->count)
		qsort(m->lines, m->count, sizeof(*m->lines), by_source);
	buf_printf(out, "%s\n", HEADER);
	for (uint32_t i = 0; i < m->count; i++) {
		const struct modlock_line *l = &m->lines[i];

		buf_printf(out, STR_FMT " " STR_FMT " commit=" STR_FMT " tree=" STR_FMT "\n", STR_ARG(l->source), STR_ARG(l->tag),
			   STR_ARG(l->commit), STR_ARG(l->tree));
	}
}
