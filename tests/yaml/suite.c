/*
 * suite: reads cases of the public yaml-test-suite with node_read and compares
 * the tree with the case's test.event. Prints TAP and, as comments, how many
 * cases were read and how many refused for which reason. Usage: suite FOLDER...
 *
 * The rule for each case: an error case is refused; a case that uses what the
 * language forbids is refused with the code for that and a line; every other
 * case is read with the right values, and node_slice finds each character.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/diag.h"
#include "base/file.h"
#include "syntax/node.h"

enum reason { ANCHOR, ALIAS, TAG, DIRECTIVE, DOCUMENTS, NO_DOCUMENT, EXPLICIT, DUPLICATE, COMPLEX, REASONS };

static const char *const reason_names[REASONS] = {
	"anchors", "aliases", "tags", "directives", "several documents", "no document",
	"explicit keys", "duplicate keys", "collections as keys",
};

struct events {
	struct arena *a;
	const char *at, *end;     /* the rest of test.event */
	struct str line;          /* the current one, empty at the end */
	bool uses[REASONS];
	char why[200];
};

static void fail(struct events *e, const char *what, struct str want, struct str got)
{
	if (!e->why[0])
		snprintf(e->why, sizeof e->why, "%s: expected `" STR_FMT "`, got `" STR_FMT "`", what,
			 (int)(want.n < 60 ? want.n : 60), want.p, (int)(got.n < 60 ? got.n : 60), got.p);
}

/* --- test.event --- */

static void next(struct events *e)
{
	const char *nl = e->at < e->end ? memchr(e->at, '\n', (size_t)(e->end - e->at)) : NULL;

	e->line = (struct str){ e->at, (size_t)((nl ? nl : e->end) - e->at) };
	e->at = nl ? nl + 1 : e->end;
}

static bool is(const struct events *e, const char *what)
{
	return str_starts(e->line, str_of(what));
}

static struct str word(struct str *rest)
{
	struct str w = *rest;
	const char *sp = memchr(w.p, ' ', w.n);

	if (sp)
		w.n = (size_t)(sp - w.p);
	*rest = str_slice(*rest, w.n + (sp != NULL), rest->n);
	return w;
}

/* What stands behind the name of the event: properties noted, rest returned. */
static struct str properties(struct events *e)
{
	struct str rest = e->line;

	word(&rest);
	while (rest.n && (rest.p[0] == '&' || rest.p[0] == '<')) {
		e->uses[rest.p[0] == '&' ? ANCHOR : TAG] = true;
		word(&rest);
	}
	return rest;
}

static struct str unescape(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '\\' && i + 1 < s.n) {
			c = s.p[++i];
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == '0' ? '\0' : c;
		}
		p[n++] = c;
	}
	return (struct str){ p, n };
}

/* The text of =VAL. */
static struct str value(struct events *e)
{
	struct str rest = properties(e);

	return unescape(e->a, str_slice(rest, 1, rest.n));
}

struct keys {
	struct str key;
	struct keys *older;
};

/* Reads events until the end of the current node; notes what they use. */
static void survey_node(struct events *e)
{
	struct keys *keys = NULL;
	bool map = is(e, "+MAP");
	const char *close = map ? "-MAP" : "-SEQ";

	if (is(e, "=ALI"))
		e->uses[ALIAS] = true;
	else
		properties(e);
	if (!map && !is(e, "+SEQ")) {
		next(e);
		return;
	}
	next(e);
	for (bool key = true; e->line.n && !is(e, close); key = !key) {
		if (map && key && (is(e, "+MAP") || is(e, "+SEQ")))
			e->uses[COMPLEX] = true;
		if (map && key && is(e, "=VAL")) {
			struct keys *k = arena_alloc(e->a, sizeof *k);
			*k = (struct keys){ value(e), keys };
			for (struct keys *o = keys; o; o = o->older)
				if (str_eq(o->key, k->key))
					e->uses[DUPLICATE] = true;
			keys = k;
		}
		survey_node(e);
	}
	next(e);
}

static void survey(struct events *e, struct str source)
{
	const char *at = e->at;
	int documents = 0;
	bool open = false;

	for (next(e); e->line.n; ) {
		if (is(e, "+DOC"))
			documents++;
		if (is(e, "=") || is(e, "+MAP") || is(e, "+SEQ"))
			survey_node(e);
		else
			next(e);
	}
	e->uses[DOCUMENTS] = documents > 1;
	e->uses[NO_DOCUMENT] = documents == 0;
	e->at = at;
	/* A line with % between documents, or before the first, is a directive. */
	for (size_t i = 0; i < source.n && !open; ) {
		struct str line = str_slice(source, i, source.n);
		const char *nl = memchr(line.p, '\n', line.n);
		line.n = nl ? (size_t)(nl - line.p) : line.n;
		i += line.n + 1;
		if (str_starts(line, STR("%")))
			e->uses[DIRECTIVE] = true;
		open = line.n && line.p[0] != '%' && line.p[0] != '#' && !str_starts(line, STR("..."));
	}
}

/* --- comparing --- */

/* Each character of the text is found in the source, in order. */
static void check_slices(struct events *e, const struct node *n)
{
	struct str t = n->text, src = n->span.src->text;
	uint32_t before = n->span.start;

	for (uint32_t i = 0; i < t.n; i++) {
		struct span s = node_slice(n, i, i + 1);
		char want = t.p[i], c = s.start < src.n ? src.p[s.start] : '\n';
		bool folded = want == ' ' || want == '\n';
		bool ok = s.start >= before && s.end <= src.n &&
			  (c == want || c == '\\' || (c == '\r' && folded) || (c == ' ' && want == '\n') ||
			   (c == '\t' && folded) || (c == '\n' && folded));
		/* Bytes inside an escape's character share its place. */
		if (!ok && n->style == NODE_DOUBLE && (want & 0x80) && c == '\\')
			ok = true;
		if (!ok)
			fail(e, "node_slice", str_slice(t, i, i + 1), str_slice(src, s.start, s.end));
		before = s.start;
	}
	if (t.n && n->style == NODE_PLAIN && !n->multiline) {
		struct span s = node_slice(n, 0, (uint32_t)t.n);
		if (!str_eq(t, str_slice(src, s.start, s.end)))
			fail(e, "span", t, str_slice(src, s.start, s.end));
	}
}

static void compare(struct events *e, const struct node *n)
{
	const char *open = n->kind == NODE_MAP ? "+MAP" : "+SEQ";

	if (n->kind == NODE_SCALAR) {
		struct str want = is(e, "=VAL") ? value(e) : e->line;
		if (!is(e, "=VAL") || !str_eq(want, n->text))
			fail(e, "value", want, n->text);
		check_slices(e, n);
		next(e);
		return;
	}
	if (!is(e, open))
		fail(e, "event", e->line, str_of(open));
	next(e);
	for (const struct node *c = n->first; c; c = c->next) {
		if (n->kind == NODE_MAP) {
			struct str want = is(e, "=VAL") ? value(e) : e->line;
			if (!str_eq(want, c->key))
				fail(e, "key", want, c->key);
			next(e);
		}
		compare(e, c);
	}
	if (!is(e, n->kind == NODE_MAP ? "-MAP" : "-SEQ"))
		fail(e, "end", e->line, str_of(open));
	next(e);
}

/* The codes that say: YAML, but not for runbooks. */
static bool is_forbidden(int code)
{
	return code == 7 || (code >= 12 && code <= 20);
}

static void read_case(struct events *e, struct str source, bool error, const char **verdict)
{
	struct source *src = source_new(e->a, STR("in.yaml"), source);
	struct diags ds;
	struct node *root;
	bool forbidden = false;

	diags_init(&ds, e->a);
	root = node_read(e->a, src, NULL, &ds);
	for (size_t i = 0; i < ds.count; i++) {
		struct span s = ds.list[i]->span;
		if (ds.list[i]->code == 19)
			e->uses[EXPLICIT] = s.start < source.n && source.p[s.start] == '?';
		if (s.src != src || s.end > source.n || s.start > s.end || source_locate(src, s.start).line < 1)
			fail(e, "no line", ds.list[i]->message, STR(""));
		if (!error && !is_forbidden(ds.list[i]->code))
			fail(e, "refused", STR("no syntax error"), ds.list[i]->message);
	}
	for (int i = 0; i < REASONS; i++)
		forbidden = forbidden || e->uses[i];
	*verdict = error ? "error refused" : forbidden ? "refused" : "read";
	if (!root && !ds.count)
		fail(e, "no tree", STR("a diagnostic"), STR("none"));
	if (error && !ds.count)
		fail(e, "accepted", STR("an error"), STR("none"));
	if (!error && forbidden && !ds.count)
		fail(e, "accepted", STR("a forbidden feature"), STR("none"));
	if (!error && !forbidden && root) {
		while (e->line.n && !is(e, "=") && !is(e, "+MAP") && !is(e, "+SEQ"))
			next(e);
		compare(e, root);
	}
	diags_release(&ds);
}

struct totals {
	int passed, failed, read, refused, errors, by[REASONS];
};

static void run_case(const char *folder, int number, struct totals *t)
{
	struct arena a;
	struct str source, events, title = STR(""), mark;
	struct events e = { 0 };
	const char *verdict = "?";
	const char *id = strrchr(folder, '/');
	char path[4096];
	bool error;

	arena_init(&a);
	e.a = &a;
	snprintf(path, sizeof path, "%s/===", folder);
	file_read(&a, path, 4096, &title);
	snprintf(path, sizeof path, "%s/error", folder);
	error = file_read(&a, path, 1 << 20, &mark) == 0;
	snprintf(path, sizeof path, "%s/test.event", folder);
	if (file_read(&a, path, 1 << 20, &events) != 0)
		events = STR("");
	snprintf(path, sizeof path, "%s/in.yaml", folder);
	if (file_read(&a, path, 1 << 20, &source) == 0) {
		e.at = events.p;
		e.end = events.p + events.n;
		if (!error)
			survey(&e, source);
		next(&e);
		read_case(&e, source, error, &verdict);
	} else {
		fail(&e, "in.yaml", STR("readable"), STR("not readable"));
	}
	title = str_trim(title);
	printf("%s %d - %s " STR_FMT " # %s\n", e.why[0] ? "not ok" : "ok", number, id ? id + 1 : folder,
	       STR_ARG(title), e.why[0] ? e.why : verdict);
	t->failed += e.why[0] != 0;
	t->passed += e.why[0] == 0;
	t->errors += error;
	t->refused += strcmp(verdict, "refused") == 0;
	t->read += strcmp(verdict, "read") == 0 && !e.why[0];
	for (int i = 0; i < REASONS; i++)
		t->by[i] += !error && e.uses[i];
	arena_release(&a);
}

int main(int argc, char **argv)
{
	struct totals t = { 0 };

	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++)
		run_case(argv[i], i, &t);
	printf("# read with the right values: %d\n# error cases refused: %d\n# refused as not for runbooks: %d, of them with\n",
	       t.read, t.errors, t.refused);
	for (int i = 0; i < REASONS; i++)
		printf("#   %s: %d\n", reason_names[i], t.by[i]);
	printf("# %d passed, %d failed\n", t.passed, t.failed);
	return t.failed != 0;
}
