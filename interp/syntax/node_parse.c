/*
 * The grammar is libyaml's (its parser.c lists the productions), state by state,
 * so that a file means the same to every reader of YAML 1.1 tokens. Each state
 * looks at one token and gives one event.
 */
#include "syntax/node_parse.h"

#include <string.h>
#include "base/arena.h"
#include "base/mem.h"
#include "syntax/node.h"
#include "syntax/node_token.h"

enum state {
	START, DOCUMENT_END,
	LIST_FIRST, LIST_ITEM, /* block list */
	BARE_ITEM,             /* block list at its map's own column: has no tokens of its own */
	MAP_FIRST, MAP_KEY, MAP_VALUE,
	FLOW_LIST_FIRST, FLOW_LIST_ITEM,
	PAIR_KEY, PAIR_VALUE, PAIR_END, /* [a: b] */
	FLOW_MAP_FIRST, FLOW_MAP_KEY, FLOW_MAP_VALUE,
	FLOW_MAP_NONE          /* {a}: the value is empty */
};

/* Sets of tokens. */
#define ONE(type) (1u << YAML_##type##_TOKEN)
#define DIRECTIVES (ONE(VERSION_DIRECTIVE) | ONE(TAG_DIRECTIVE))
#define DOCUMENT_ENDS (DIRECTIVES | ONE(DOCUMENT_START) | ONE(DOCUMENT_END) | ONE(STREAM_END))
#define LIST_ENDS (ONE(BLOCK_ENTRY) | ONE(BLOCK_END))
#define MAP_ENDS (ONE(KEY) | ONE(VALUE) | ONE(BLOCK_END))
#define PAIR_ENDS (ONE(FLOW_ENTRY) | ONE(FLOW_SEQUENCE_END))
#define FLOW_MAP_ENDS (ONE(FLOW_ENTRY) | ONE(FLOW_MAPPING_END))

static void drop_token(struct node_parser *p)
{
	/* of the tokens before ALIAS only directives own memory, and they end the reading */
	if ((p->token->type >= YAML_ALIAS_TOKEN && !node_token_borrowed(&p->yaml, p->token)) || p->token->type == YAML_TAG_DIRECTIVE_TOKEN)
		yaml_token_delete(p->token);
	p->token = &p->own;
	p->own.type = YAML_NO_TOKEN;
}

/* Takes the next token in libyaml's queue without a call of libyaml, which would clear it, copy it and look for
 * keys again. It stays in the queue's memory, which is used again only when the next one is fetched. */
static bool take_token(struct node_parser *p)
{
	yaml_parser_t *y = &p->yaml;
	if (!p->known || y->error || y->stream_end_produced)
		return false;
	while (!node_token_settled(y))
		if (!node_token_fetch(y))
			return false;
	p->token = y->tokens.head++;
	y->tokens_parsed++;
	y->stream_end_produced = p->token->type == YAML_STREAM_END_TOKEN;
	return true;
}

/* The token at hand. false: the scanner has failed. */
static bool look(struct node_parser *p)
{
	if (p->ready)
		return true;
	drop_token(p);
	if (!take_token(p) && !yaml_parser_scan(&p->yaml, &p->own)) {
		if (p->yaml.error == YAML_MEMORY_ERROR)
			mem_abort("out of memory");
		p->problem = p->yaml.problem ? p->yaml.problem : "unknown";
		p->problem_at = (uint32_t)p->yaml.problem_mark.index;
		return false;
	}
	p->ready = true;
	return true;
}

static bool skip(struct node_parser *p)
{
	p->ready = false;
	return look(p);
}

static bool at(const struct node_parser *p, unsigned set)
{
	return set >> p->token->type & 1;
}

static uint32_t start_of(const struct node_parser *p)
{
	return (uint32_t)p->token->start_mark.index;
}

static uint32_t end_of(const struct node_parser *p)
{
	return (uint32_t)p->token->end_mark.index;
}

static bool fail(struct node_parser *p, const char *problem)
{
	p->problem = problem;
	p->problem_at = start_of(p);
	return false;
}

static bool push(struct node_parser *p, enum state state)
{
	if (p->depth == p->cap)
		return fail(p, "too deep");
	p->states[p->depth++] = (uint8_t)state;
	return true;
}

static void pop(struct node_parser *p)
{
	p->state = p->states[--p->depth];
}

static bool empty(struct node_parser *p, struct node_event *ev, enum state then, uint32_t mark)
{
	p->state = (uint8_t)then;
	*ev = (struct node_event){ .kind = EVENT_SCALAR, .style = NODE_PLAIN, .start = mark, .end = mark, .text = STR("") };
	return true;
}

static uint8_t style_of(yaml_scalar_style_t s)
{
	switch (s) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE: return NODE_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return NODE_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE: return NODE_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE: return NODE_FOLDED;
	default: return NODE_PLAIN;
	}
}

/* Passes anchor and tag, in any order, each once. */
static bool properties(struct node_parser *p, struct node_event *ev, size_t line)
{
	unsigned rest = ONE(ANCHOR) | ONE(TAG);
	bool known = true;
	while (at(p, rest)) {
		rest &= ~(1u << p->token->type);
		ev->marked = true;
		ev->end = end_of(p);
		ev->multiline = line != p->token->end_mark.line;
		if (p->token->type == YAML_TAG_TOKEN) {
			const char *handle = (const char *)p->token->data.tag.handle;
			known = !*handle || strcmp(handle, "!") == 0 || strcmp(handle, "!!") == 0;
		}
		if (!skip(p))
			return false;
	}
	return known || fail(p, "found undefined tag handle");
}

static bool open(struct node_parser *p, struct node_event *ev, enum node_event_kind kind, enum node_style style, enum state then)
{
	ev->kind = (uint8_t)kind;
	ev->style = (uint8_t)style;
	ev->end = end_of(p);
	p->state = (uint8_t)then;
	return true;
}

/* The scalar at hand, whose properties (if any) begin at `start` and `line`. */
static bool scalar(struct node_parser *p, struct node_event *ev, enum state then, bool marked, uint32_t start, size_t line)
{
	const yaml_token_t *t = p->token;
	ev->kind = EVENT_SCALAR;
	ev->style = style_of(t->data.scalar.style);
	ev->marked = marked;
	ev->multiline = line != t->end_mark.line;
	ev->start = start;
	ev->end = end_of(p);
	ev->text = (struct str){ (const char *)t->data.scalar.value, t->data.scalar.length };
	p->ready = false;
	p->state = (uint8_t)then;
	return true;
}

static bool node_content(struct node_parser *p, struct node_event *ev, size_t line, bool block, bool bare)
{
	switch (p->token->type) {
	case YAML_SCALAR_TOKEN: return scalar(p, ev, (enum state)p->states[--p->depth], true, ev->start, line);
	case YAML_FLOW_SEQUENCE_START_TOKEN: return open(p, ev, EVENT_LIST, NODE_FLOW, FLOW_LIST_FIRST);
	case YAML_FLOW_MAPPING_START_TOKEN: return open(p, ev, EVENT_MAP, NODE_FLOW, FLOW_MAP_FIRST);
	case YAML_BLOCK_ENTRY_TOKEN:
		if (bare)
			return open(p, ev, EVENT_LIST, NODE_BLOCK, BARE_ITEM);
		break;
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
		if (block)
			return open(p, ev, EVENT_LIST, NODE_BLOCK, LIST_FIRST);
		break;
	case YAML_BLOCK_MAPPING_START_TOKEN:
		if (block)
			return open(p, ev, EVENT_MAP, NODE_BLOCK, MAP_FIRST);
		break;
	default: break;
	}
	if (!ev->marked)
		return fail(p, "did not find expected node content");
	ev->kind = EVENT_SCALAR; /* a mark and nothing behind it */
	ev->style = NODE_PLAIN;
	ev->text = STR("");
	pop(p);
	return true;
}

/* A node; `then` is the state behind it. bare: a BARE_ITEM list may stand here. */
static bool node(struct node_parser *p, struct node_event *ev, enum state then, bool block, bool bare)
{
	size_t line = p->token->start_mark.line;
	if (p->token->type == YAML_SCALAR_TOKEN) /* nearly always */
		return scalar(p, ev, then, false, start_of(p), line);
	if (!push(p, then))
		return false;
	*ev = (struct node_event){ .start = start_of(p), .end = start_of(p) };
	if (p->token->type == YAML_ALIAS_TOKEN) {
		ev->kind = EVENT_ALIAS;
		ev->end = end_of(p);
		p->ready = false;
		pop(p);
		return true;
	}
	return properties(p, ev, line) && node_content(p, ev, line, block, bare);
}

static bool close(struct node_parser *p, struct node_event *ev)
{
	*ev = (struct node_event){ .kind = EVENT_CLOSE, .start = start_of(p), .end = end_of(p) };
	p->ready = false;
	pop(p);
	return true;
}

static bool start(struct node_parser *p, struct node_event *ev)
{
	if (!look(p) || !skip(p)) /* STREAM-START */
		return false;
	*ev = (struct node_event){ .kind = EVENT_NONE };
	if (p->token->type == YAML_STREAM_END_TOKEN)
		return true;
	ev->kind = EVENT_DIRECTIVE;
	if (at(p, DIRECTIVES))
		return true;
	if (p->token->type != YAML_DOCUMENT_START_TOKEN)
		return node(p, ev, DOCUMENT_END, true, false);
	if (!skip(p))
		return false;
	return at(p, DOCUMENT_ENDS) ? empty(p, ev, DOCUMENT_END, start_of(p)) : node(p, ev, DOCUMENT_END, true, false);
}

static bool document_end(struct node_parser *p, struct node_event *ev)
{
	if (!look(p))
		return false;
	*ev = (struct node_event){ .kind = EVENT_DONE, .start = start_of(p), .end = start_of(p) };
	if (p->token->type == YAML_DOCUMENT_END_TOKEN)
		ev->end = end_of(p);
	return true;
}

static bool list_item(struct node_parser *p, struct node_event *ev)
{
	if (!look(p))
		return false;
	if (p->token->type == YAML_BLOCK_END_TOKEN)
		return close(p, ev);
	if (p->token->type != YAML_BLOCK_ENTRY_TOKEN)
		return fail(p, "did not find expected '-' indicator");
	uint32_t mark = end_of(p);
	if (!skip(p))
		return false;
	return at(p, LIST_ENDS) ? empty(p, ev, LIST_ITEM, mark) : node(p, ev, LIST_ITEM, true, false);
}

static bool bare_item(struct node_parser *p, struct node_event *ev)
{
	if (!look(p))
		return false;
	if (p->token->type != YAML_BLOCK_ENTRY_TOKEN) {
		*ev = (struct node_event){ .kind = EVENT_CLOSE, .start = start_of(p), .end = start_of(p) };
		pop(p);
		return true;
	}
	uint32_t mark = end_of(p);
	if (!skip(p))
		return false;
	return at(p, LIST_ENDS | MAP_ENDS) ? empty(p, ev, BARE_ITEM, mark) : node(p, ev, BARE_ITEM, true, false);
}

static bool map_key(struct node_parser *p, struct node_event *ev)
{
	if (!look(p))
		return false;
	if (p->token->type == YAML_BLOCK_END_TOKEN)
		return close(p, ev);
	if (p->token->type != YAML_KEY_TOKEN)
		return fail(p, "did not find expected key");
	uint32_t mark = end_of(p);
	if (!skip(p))
		return false;
	return at(p, MAP_ENDS) ? empty(p, ev, MAP_VALUE, mark) : node(p, ev, MAP_VALUE, true, true);
}

static bool map_value(struct node_parser *p, struct node_event *ev)
{
	if (!look(p))
		return false;
	if (p->token->type != YAML_VALUE_TOKEN)
		return empty(p, ev, MAP_KEY, start_of(p));
	uint32_t mark = end_of(p);
	if (!skip(p))
		return false;
	return at(p, MAP_ENDS) ? empty(p, ev, MAP_KEY, mark) : node(p, ev, MAP_KEY, true, true);
}

/* The comma before an item that is not the first. */
static bool comma(struct node_parser *p, bool first, const char *problem)
{
	if (first)
		return true;
	return p->token->type == YAML_FLOW_ENTRY_TOKEN ? skip(p) : fail(p, problem);
}

static bool flow_list_item(struct node_parser *p, struct node_event *ev, bool first)
{
	if (!look(p))
		return false;
	if (p->token->type == YAML_FLOW_SEQUENCE_END_TOKEN)
		return close(p, ev);
	if (!comma(p, first, "did not find expected ',' or ']'"))
		return false;
	if (p->token->type == YAML_FLOW_SEQUENCE_END_TOKEN)
		return close(p, ev);
	if (p->token->type != YAML_KEY_TOKEN)
		return node(p, ev, FLOW_LIST_ITEM, false, false);
	*ev = (struct node_event){ .start = start_of(p) };
	open(p, ev, EVENT_MAP, NODE_FLOW, PAIR_KEY);
	p->ready = false;
	return push(p, FLOW_LIST_ITEM);
}

static bool pair_key(struct node_parser *p, struct node_event *ev)
{
	if (!look(p))
		return false;
	if (!at(p, ONE(VALUE) | PAIR_ENDS))
		return node(p, ev, PAIR_VALUE, false, false);
	p->ready = false; /* as libyaml does: [: b] is read with an empty value */
	return empty(p, ev, PAIR_VALUE, end_of(p));
}

static bool pair_value(struct node_parser *p, struct node_event *ev)
{
	if (!look(p))
		return false;
	if (p->token->type == YAML_VALUE_TOKEN) {
		if (!skip(p))
			return false;
		if (!at(p, PAIR_ENDS))
			return node(p, ev, PAIR_END, false, false);
	}
	return empty(p, ev, PAIR_END, start_of(p));
}

/* The map of one pair ends where the next token begins. */
static bool pair_end(struct node_parser *p, struct node_event *ev)
{
	if (!look(p))
		return false;
	*ev = (struct node_event){ .kind = EVENT_CLOSE, .start = start_of(p), .end = start_of(p) };
	pop(p);
	return true;
}

static bool flow_map_key(struct node_parser *p, struct node_event *ev, bool first)
{
	if (!look(p))
		return false;
	if (p->token->type == YAML_FLOW_MAPPING_END_TOKEN)
		return close(p, ev);
	if (!comma(p, first, "did not find expected ',' or '}'"))
		return false;
	if (p->token->type == YAML_FLOW_MAPPING_END_TOKEN)
		return close(p, ev);
	if (p->token->type != YAML_KEY_TOKEN)
		return node(p, ev, FLOW_MAP_NONE, false, false);
	if (!skip(p))
		return false;
	return at(p, ONE(VALUE) | FLOW_MAP_ENDS) ? empty(p, ev, FLOW_MAP_VALUE, start_of(p))
						   : node(p, ev, FLOW_MAP_VALUE, false, false);
}

static bool flow_map_value(struct node_parser *p, struct node_event *ev, bool none)
{
	if (!look(p))
		return false;
	if (!none && p->token->type == YAML_VALUE_TOKEN) {
		if (!skip(p))
			return false;
		if (!at(p, FLOW_MAP_ENDS))
			return node(p, ev, FLOW_MAP_KEY, false, false);
	}
	return empty(p, ev, FLOW_MAP_KEY, start_of(p));
}

bool node_parser_next(struct node_parser *p, struct node_event *ev)
{
	switch (p->state) {
	case START: return start(p, ev);
	case DOCUMENT_END: return document_end(p, ev);
	case LIST_FIRST: return skip(p) && list_item(p, ev);
	case LIST_ITEM: return list_item(p, ev);
	case BARE_ITEM: return bare_item(p, ev);
	case MAP_FIRST: return skip(p) && map_key(p, ev);
	case MAP_KEY: return map_key(p, ev);
	case MAP_VALUE: return map_value(p, ev);
	case FLOW_LIST_FIRST: return skip(p) && flow_list_item(p, ev, true);
	case FLOW_LIST_ITEM: return flow_list_item(p, ev, false);
	case PAIR_KEY: return pair_key(p, ev);
	case PAIR_VALUE: return pair_value(p, ev);
	case PAIR_END: return pair_end(p, ev);
	case FLOW_MAP_FIRST: return skip(p) && flow_map_key(p, ev, true);
	case FLOW_MAP_KEY: return flow_map_key(p, ev, false);
	case FLOW_MAP_VALUE: return flow_map_value(p, ev, false);
	default: return flow_map_value(p, ev, true);
	}
}

/* libyaml's reader checks and decodes the text character by character, in pieces,
 * into the buffer that its scanner reads: a tenth of its time, for a copy of what
 * node_scan has checked already. So that buffer is made here, whole. */
static void fill_buffer(yaml_parser_t *y, struct str text)
{
	enum { PAD = 8 }; /* the scanner looks up to 4 characters ahead */
	char *all = mem_realloc(NULL, text.n + PAD);
	if (text.n)
		memcpy(all, text.p, text.n);
	memset(all + text.n, 0, PAD);
	mem_free(y->buffer.start);
	y->buffer.start = y->buffer.pointer = (yaml_char_t *)all; /* libyaml frees it */
	y->buffer.last = y->buffer.start + text.n + 1;            /* the reader ends a text with NUL */
	y->buffer.end = y->buffer.start + text.n + PAD;
	y->unread = utf8_len(text) + 1;
	y->eof = 1;
}

/* The release whose reader is known to leave a filled buffer alone, and whose queue is known. */
static bool is_known(void)
{
	int major, minor, patch;
	yaml_get_version(&major, &minor, &patch);
	return major == 0 && minor == 2 && patch == 5;
}

void node_parser_init(struct node_parser *p, struct arena *a, struct str text, uint32_t depth_max)
{
	*p = (struct node_parser){ .state = START, .cap = depth_max + 2 }; /* the document, and a node in the deepest collection */
	p->token = &p->own;
	p->states = arena_alloc(a, p->cap);
	if (!yaml_parser_initialize(&p->yaml))
		mem_abort("out of memory");
	yaml_parser_set_encoding(&p->yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p->yaml, (const unsigned char *)text.p, text.n);
	p->known = is_known();
	if (p->known)
		fill_buffer(&p->yaml, text);
}

void node_parser_release(struct node_parser *p)
{
	drop_token(p);
	for (yaml_token_t *t = p->yaml.tokens.head; t != p->yaml.tokens.tail; t++)
		if (node_token_borrowed(&p->yaml, t))
			t->data.scalar.value = NULL;
	yaml_parser_delete(&p->yaml);
}
