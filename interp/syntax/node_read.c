/*
 * Events (node_parse) to nodes. A file goes through node_scan; if that finds
 * nothing unusual libyaml reads it as it is, else (or if libyaml fails) the
 * recogniser node_strict goes first and says what to edit or what is wrong.
 * The loop below keeps its own stack, so depth costs no C stack.
 */
#include "syntax/node.h"

#include <string.h>
#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/mem.h"
#include "syntax/node_edit.h"
#include "syntax/node_hint.h"
#include "syntax/node_parse.h"
#include "syntax/node_scan.h"
#include "syntax/node_strict.h"
#include "syntax/node_trap.h"

enum outcome { GO_ON, DONE, STRICT, STOPPED, FAILED };

/* DEPTH_CAP: node_strict recurses, so a caller's limit has a limit too. */
enum { SLAB_NODES = 32, SLAB_TEXT = 4096, KEYS_LINEAR = 12, DEPTH_CAP = 1000 };

struct frame {
	struct node *node;
	struct node **tail;    /* where the next child goes */
	struct str key;        /* a map's key that waits for its value */
	struct span key_span;
	bool has_key, drop;    /* drop: its value is read but not kept */
	bool is_key;           /* this collection is itself a key */
	bool flow, map;
	uint32_t end;          /* of the last child */
	struct span open;      /* plain text in brackets with an open ( before a comma */
	struct map *index;     /* of a large map's keys */
};

struct builder {
	struct arena *a;
	const struct source *src;
	struct diags *ds;
	struct node_text text;
	struct frame *frames;
	uint32_t depth, depth_max;
	uint32_t nodes, nodes_max;
	bool checked;             /* node_strict has accepted the text */
	struct node key;          /* the key that is being read */
	struct node *root;
	struct node *spare;       /* nodes of the slab not yet handed out */
	uint32_t spare_count;
	char *slab;
	size_t slab_left;
};

static struct node *new_node(struct builder *b)
{
	if (!b->spare_count) {
		b->spare = arena_array(b->a, SLAB_NODES, sizeof *b->spare);
		b->spare_count = SLAB_NODES;
	}
	b->spare_count--;
	return b->spare++;
}

static struct str new_text(struct builder *b, const char *p, size_t n)
{
	char *out;

	if (n >= b->slab_left) {
		if (n >= SLAB_TEXT / 4)
			return arena_str(b->a, p, n);
		b->slab = arena_alloc(b->a, SLAB_TEXT);
		b->slab_left = SLAB_TEXT;
	}
	out = b->slab;
	memcpy(out, p, n);
	out[n] = '\0';
	b->slab += n + 1;
	b->slab_left -= n + 1;
	return (struct str){ out, n };
}

static struct frame *top(struct builder *b)
{
	return b->depth ? &b->frames[b->depth - 1] : NULL;
}

static bool wants_key(const struct frame *f)
{
	return f && f->map && !f->has_key;
}

static struct str key_of(const struct frame *f)
{
	return f && f->has_key ? f->key : (struct str){ "", 0 };
}

/* --- keys --- */

static const struct node *find_key(struct frame *f, struct str key)
{
	const struct node *n = f->node->first;

	if (f->index)
		return map_get(f->index, key);
	while (n && (n->key.n != key.n || memcmp(n->key.p, key.p, key.n) != 0))
		n = n->next;
	return n;
}

static void index_keys(struct frame *f)
{
	f->index = mem_alloc(sizeof *f->index);
	map_init(f->index);
	for (struct node *n = f->node->first; n; n = n->next)
		map_add(f->index, n->key, n);
}

static void set_key(struct builder *b, struct frame *f, struct node *n)
{
	const struct node *first = find_key(f, n->text);

	f->has_key = true;
	f->drop = true;
	f->key = n->text;
	f->key_span = n->span;
	if (n->text.n == 2 && n->style == NODE_PLAIN && str_eqz(n->text, "<<"))
		node_trap_merge(b->ds, n->span);
	else if (first)
		node_trap_duplicate(b->ds, n->text, n->span, first->key_span);
	else
		f->drop = false;
}

/* --- values --- */

/* Puts a finished or just opened value into the collection on top. */
static void link_value(struct builder *b, struct frame *f, struct node *n)
{
	if (!f) {
		b->root = n;
		return;
	}
	if (f->map) {
		bool drop = f->drop;
		f->has_key = f->drop = false;
		if (drop)
			return;
		n->key = f->key;
		n->key_span = f->key_span;
		if (!f->index && f->node->count >= KEYS_LINEAR)
			index_keys(f);
		if (f->index)
			map_add(f->index, n->key, n);
	}
	*f->tail = n;
	f->tail = &n->next;
	f->node->count++;
}

static uint32_t line_start(const struct builder *b, uint32_t p)
{
	while (p > b->text.start && b->src->text.p[p - 1] != '\n')
		p--;
	return p;
}

/* The column of the block collection around depth, -1 if there is none. */
static int64_t block_column(const struct builder *b, uint32_t depth)
{
	uint32_t p;

	while (depth > 0 && b->frames[depth - 1].flow)
		depth--;
	if (!depth)
		return -1;
	p = b->frames[depth - 1].node->span.start;
	return (int64_t)p - line_start(b, p);
}

/* libyaml lets | and > stand at any column of a line of their own. */
static bool header_placed(const struct builder *b, uint32_t start)
{
	const char *p = b->src->text.p;
	uint32_t line = line_start(b, start), q = line;

	while (q < start && p[q] == ' ')
		q++;
	return q < start || (int64_t)(start - line) > block_column(b, b->depth);
}

/* Lines inside quotes and brackets must be indented; libyaml does not look. */
static bool indented(const struct builder *b, uint32_t depth, struct span s, bool brackets)
{
	int64_t n = block_column(b, depth);
	const char *p = b->src->text.p + s.start, *end = b->src->text.p + s.end;

	while (n >= 0 && (p = memchr(p, '\n', (size_t)(end - p)))) {
		const char *q = ++p;
		while (q < end && *q == ' ')
			q++;
		if (q == end || (q - p == n && brackets && (*q == ']' || *q == '}')))
			continue;
		if (q - p <= n && *q != '\n' && *q != '\r')
			return false;
	}
	return true;
}

/* Only line ends: libyaml may have taken lines of text for comments. */
static bool is_empty(struct str text)
{
	size_t i = 0;

	while (i < text.n && text.p[i] == '\n')
		i++;
	return i == text.n;
}

static uint32_t trim_end(const struct builder *b, uint32_t start, uint32_t end)
{
	const char *p = b->src->text.p;

	while (end > start && (p[end - 1] == ' ' || p[end - 1] == '\t' || p[end - 1] == '\n' || p[end - 1] == '\r'))
		end--;
	return end;
}

/* Plain text inside brackets: traps that commas and dashes set. */
static enum outcome flow_plain(struct builder *b, struct frame *f, const struct node *n)
{
	const char *p = b->src->text.p;
	int parens;

	if (!b->checked && ((n->text.n == 1 && n->text.p[0] == '-') || (n->text.n == 0 &&
	    n->span.start < b->src->text.n && p[n->span.start] == ':')))
		return STRICT;
	parens = node_trap_parens(n->text);
	if (parens < 0 && f->open.src) {
		node_trap_comma(b->ds, f->open, n->span);
		f->open.src = NULL;
	} else if (parens > 0 && b->src->text.n > n->span.end && p[n->span.end] == ',') {
		f->open = n->span;
	}
	return GO_ON;
}

static enum outcome too_many(struct builder *b, const struct node *n)
{
	struct diag *d;

	if (++b->nodes <= b->nodes_max)
		return GO_ON;
	d = diag_add(b->ds, 1, n->span, "more than %u values in one file", (unsigned)b->nodes_max);
	diag_help(b->ds, d, "split the file");
	return STOPPED;
}

static enum outcome too_big(struct builder *b, uint32_t start, size_t bytes)
{
	struct diag *d = diag_add(b->ds, 1, span_of(b->src, start, start + 1),
				  "a text of %zu bytes, more than %u", bytes, (unsigned)NODE_SCALAR_MAX);

	diag_help(b->ds, d, "keep it in a file of its own, see `files:`");
	return STOPPED;
}

/* Does a blank follow? Without one no comment has cut the value. */
static bool is_blank_at(const struct builder *b, uint32_t at)
{
	return at < b->src->text.n && (b->src->text.p[at] == ' ' || b->src->text.p[at] == '\t');
}

static enum outcome on_scalar(struct builder *b, const struct node_event *ev)
{
	struct frame *f = top(b);
	struct node *n = wants_key(f) ? &b->key : new_node(b);
	uint32_t start = node_text_offset(&b->text, ev->start), end;
	bool marked = ev->marked;

	if (ev->text.n > NODE_SCALAR_MAX)
		return too_big(b, start, ev->text.n);
	n->kind = NODE_SCALAR;
	n->style = b->text.edits && node_text_plain(&b->text) ? NODE_PLAIN : ev->style;
	end = node_text_offset(&b->text, ev->end);
	n->text = new_text(b, ev->text.p, ev->text.n);
	if (b->text.stand_count)
		node_text_restore(&b->text, (char *)(uintptr_t)n->text.p, n->text.n);
	if (b->src->text.n > start && (b->src->text.p[start] == '!' || b->src->text.p[start] == '&'))
		marked = true;
	if (marked) {
		start = node_trap_properties(b->ds, b->src, start, key_of(f));
		if (!n->text.n && n->style == NODE_PLAIN && f && f->has_key)
			f->drop = true; /* `if: !ok`: nothing is left that could be checked */
		if (start > end)
			start = end;
	}
	if (n->style >= NODE_LITERAL) {
		end = trim_end(b, start, end);
		if (!b->checked && (!header_placed(b, start) || is_empty(n->text)))
			return STRICT;
	}
	n->span = (struct span){ b->src, start, end };
	n->multiline = n->style < NODE_LITERAL && ev->multiline;
	if (f)
		f->end = end;
	if (too_many(b, n) == STOPPED)
		return STOPPED;
	if (n->multiline && n->style != NODE_PLAIN && !b->checked && !indented(b, b->depth, n->span, false))
		return STRICT;
	if (n->style == NODE_PLAIN && n->text.n) {
		if (n->multiline || is_blank_at(b, end))
			node_trap_plain(b->ds, n);
		if (f && f->flow && flow_plain(b, f, n) == STRICT)
			return STRICT;
	} else if (n->style == NODE_PLAIN && f && f->flow && flow_plain(b, f, n) == STRICT) {
		return STRICT;
	}
	if (n == &b->key)
		set_key(b, f, n);
	else
		link_value(b, f, n);
	return GO_ON;
}

static enum outcome on_alias(struct builder *b, const struct node_event *ev)
{
	struct frame *f = top(b);
	uint32_t start = node_text_offset(&b->text, ev->start);
	struct span at = span_of(b->src, start, node_text_offset(&b->text, ev->end));

	node_trap_mark(b->ds, at, '*', key_of(f));
	if (!f)
		return STOPPED;
	f->end = at.end;
	if (wants_key(f)) {
		f->has_key = f->drop = true;
		f->key = (struct str){ "", 0 };
	} else if (f->node->kind == NODE_MAP) {
		f->has_key = f->drop = false;
	}
	return GO_ON;
}

static enum outcome on_open(struct builder *b, const struct node_event *ev)
{
	struct frame *f = top(b), *g;
	struct node *n = new_node(b);
	uint32_t start = node_text_offset(&b->text, ev->start);
	bool is_key = wants_key(f);

	if (b->src->text.n > start && (b->src->text.p[start] == '!' || b->src->text.p[start] == '&'))
		start = node_trap_properties(b->ds, b->src, start, key_of(f));
	n->kind = ev->kind == EVENT_MAP ? NODE_MAP : NODE_SEQ;
	n->style = ev->style;
	n->span = (struct span){ b->src, start, start < b->src->text.n ? start + 1 : start };
	if (b->depth == b->depth_max) {
		struct diag *d = diag_add(b->ds, 8, n->span, "more than %u levels deep", (unsigned)b->depth_max);
		diag_help(b->ds, d, "move the inner part into a file or a value of its own");
		return STOPPED;
	}
	if (too_many(b, n) == STOPPED)
		return STOPPED;
	if (is_key) {
		f->has_key = f->drop = true;
		f->key = (struct str){ "", 0 };
		node_trap_complex(b->ds, n->span);
	} else {
		link_value(b, f, n);
	}
	g = &b->frames[b->depth++];
	*g = (struct frame){ .node = n, .tail = &n->first, .flow = ev->style == NODE_FLOW, .map = ev->kind == EVENT_MAP, .is_key = is_key, .end = start };
	return GO_ON;
}

static void free_index(struct frame *f)
{
	if (!f->index)
		return;
	map_release(f->index);
	mem_free(f->index);
	f->index = NULL;
}

static enum outcome on_close(struct builder *b, const struct node_event *ev)
{
	struct frame *f = top(b), *up;
	uint32_t start = f->node->span.start;
	uint32_t end = f->flow ? node_text_offset(&b->text, ev->end) : f->end;

	/* An implicit pair in a list ends where its value does. */
	if (f->flow && (start >= b->src->text.n || !strchr("{[", b->src->text.p[start])))
		end = f->end;
	free_index(f);
	end = end > start ? end : start; /* behind an anchor there may be nothing */
	f->node->span.end = end;
	b->depth--;
	up = top(b);
	if (up)
		up->end = end;
	if (f->flow && !(up && up->flow) && !b->checked && !indented(b, b->depth, f->node->span, true))
		return STRICT;
	return GO_ON;
}

/* Nothing but blank lines, comments and document ends behind the document. */
static bool rest_is_empty(struct str t, size_t p)
{
	while (p < t.n) {
		struct str line = str_slice(t, p, t.n), text;
		const char *nl = memchr(line.p, '\n', line.n);
		bool whole = p == 0 || t.p[p - 1] == '\n';
		if (nl)
			line.n = (size_t)(nl - line.p);
		p += line.n + 1;
		text = str_trim(line);
		if (text.n && text.p[0] != '#' && !(whole && text.p == line.p && str_eqz(text, "...")))
			return false;
	}
	return true;
}

static enum outcome on_event(struct builder *b, const struct node_event *ev)
{
	switch (ev->kind) {
	case EVENT_SCALAR: return on_scalar(b, ev);
	case EVENT_ALIAS: return on_alias(b, ev);
	case EVENT_MAP:
	case EVENT_LIST: return on_open(b, ev);
	case EVENT_CLOSE: return on_close(b, ev);
	case EVENT_DIRECTIVE: return b->checked ? STOPPED : STRICT;
	case EVENT_DONE:
		return b->checked || rest_is_empty(b->src->text, node_text_offset(&b->text, ev->end)) ? DONE : STRICT;
	default: return DONE;
	}
}

/* Runs libyaml over b->text. b->root is the tree after DONE. */
static enum outcome build(struct builder *b, struct node_parser *parser)
{
	enum outcome out = GO_ON;
	struct node_event ev;

	b->depth = b->nodes = 0;
	b->root = NULL;
	node_parser_init(parser, b->a, b->text.text, b->depth_max);
	while (out == GO_ON) {
		out = node_parser_next(parser, &ev) ? on_event(b, &ev) : FAILED;
		if (b->ds->dropped && out != FAILED)
			out = STOPPED;
	}
	while (b->depth)
		free_index(&b->frames[--b->depth]);
	return out;
}

/* libyaml refuses what the recogniser has accepted. */
static void refuse(struct builder *b, const struct node_strict *st, const struct node_parser *parser)
{
	uint32_t at = node_text_offset(&b->text, parser->problem_at);

	for (uint32_t i = 0; i < st->banned_count; i++)
		node_trap_mark(b->ds, span_of(b->src, st->banned[i].start, st->banned[i].end),
			       st->banned[i].mark, (struct str){ "", 0 });
	if (!st->banned_count && !b->ds->errors)
		diag_add(b->ds, 29, span_of(b->src, at, at), "libyaml cannot read this: %s", parser->problem);
}

static struct node *refuse_empty(struct builder *b)
{
	struct diag *d = diag_add(b->ds, 7, span_of(b->src, 0, 0), "the file holds no YAML value");

	diag_help(b->ds, d, "begin with `runbook: 1`");
	return NULL;
}

static struct node *read_strict(struct builder *b, const struct node_scan *scan, bool seen)
{
	struct node_strict st;
	struct node_parser parser;
	enum outcome out;
	uint32_t end;

	if (node_strict_run(&st, b->a, b->src, scan->start, b->depth_max, b->ds)) {
		if (st.empty)
			return refuse_empty(b);
		end = st.document_end;
	} else {
		node_hint_fault(&st);
		if (seen)
			return NULL;
		/* libyaml reads the lines before the fault only for their own diagnostics. */
		for (end = st.fault.at; end > scan->start && b->src->text.p[end - 1] != '\n'; end--)
			;
	}
	node_text_init(&b->text, b->a, b->src, scan->start, end, scan->ascii, scan->breaks, &st.edits);
	b->checked = true;
	out = build(b, &parser);
	if (st.fault.kind == FAULT_NONE && out == FAILED)
		refuse(b, &st, &parser);
	node_parser_release(&parser);
	return st.fault.kind == FAULT_NONE && out == DONE ? b->root : NULL;
}

struct node *node_read(struct arena *a, const struct source *src, const struct node_limits *limits,
		       struct diags *ds)
{
	struct node_limits l = limits ? *limits : (struct node_limits){ 0 };
	struct builder b = { .a = a, .src = src, .ds = ds };
	struct node_scan scan;
	struct node_parser parser;
	enum outcome out;

	b.depth_max = l.depth && l.depth < DEPTH_CAP ? l.depth : l.depth ? DEPTH_CAP : NODE_DEPTH_MAX;
	b.nodes_max = l.nodes ? l.nodes : 2000000;
	if (!node_scan(src, l.bytes ? l.bytes : NODE_BYTES_MAX, ds, &scan))
		return NULL;
	b.frames = arena_array(a, b.depth_max, sizeof *b.frames);
	if (scan.strict)
		return read_strict(&b, &scan, false);
	node_text_init(&b.text, a, src, scan.start, (uint32_t)src->text.n, scan.ascii, false, NULL);
	out = build(&b, &parser);
	node_parser_release(&parser);
	if (out == STRICT || out == FAILED)
		return read_strict(&b, &scan, true);
	if (out == DONE && !b.root)
		return refuse_empty(&b);
	return out == DONE ? b.root : NULL;
}
