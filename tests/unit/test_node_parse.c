/*
 * node_parse against libyaml's own parser: the same events with the same marks
 * for every text that a few pieces of YAML can be put together to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "syntax/node.h"
#include "syntax/node_parse.h"

static const char *const pieces[] = { "a", ": ", "- ", "\n", "  ", "[", "]", "{", "}", ", ", "? ", "&b ", "!c ", "!d!e ", "*b ", "'f'", "|\n g",
				      "---\n", "...\n", "%YAML 1.1\n", "# h\n" };
enum { PIECES = sizeof pieces / sizeof *pieces, DEPTH = 16 };

static uint8_t kind_of(yaml_event_type_t t)
{
	switch (t) {
	case YAML_SCALAR_EVENT: return EVENT_SCALAR;
	case YAML_ALIAS_EVENT: return EVENT_ALIAS;
	case YAML_MAPPING_START_EVENT: return EVENT_MAP;
	case YAML_SEQUENCE_START_EVENT: return EVENT_LIST;
	case YAML_DOCUMENT_END_EVENT: return EVENT_DONE;
	case YAML_STREAM_END_EVENT: return EVENT_NONE;
	default: return EVENT_CLOSE;
	}
}

static void same_scalar(const struct node_event *ours, const yaml_event_t *e)
{
	static const uint8_t styles[] = { NODE_PLAIN, NODE_PLAIN, NODE_SINGLE, NODE_DOUBLE, NODE_LITERAL, NODE_FOLDED };
	assert_int_equal(ours->style, styles[e->data.scalar.style]);
	assert_int_equal(ours->text.n, e->data.scalar.length);
	assert_memory_equal(ours->text.p, e->data.scalar.value, ours->text.n);
	assert_int_equal(ours->marked, e->data.scalar.anchor || e->data.scalar.tag);
	assert_int_equal(ours->multiline, e->start_mark.line != e->end_mark.line);
}

static void same_event(const struct node_event *ours, const yaml_event_t *e)
{
	assert_int_equal(ours->kind, kind_of(e->type));
	if (ours->kind == EVENT_NONE)
		return;
	assert_int_equal(ours->start, e->start_mark.index);
	assert_int_equal(ours->end, e->end_mark.index);
	if (ours->kind == EVENT_SCALAR)
		same_scalar(ours, e);
	else if (ours->kind == EVENT_MAP)
		assert_int_equal(ours->style == NODE_FLOW, e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
	else if (ours->kind == EVENT_LIST)
		assert_int_equal(ours->style == NODE_FLOW, e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
}

/* Reads on to the first event that both have: not the starts of stream and document. */
static bool next_theirs(yaml_parser_t *y, yaml_event_t *e, bool *directive)
{
	for (;;) {
		if (!yaml_parser_parse(y, e))
			return false;
		*directive = e->type == YAML_DOCUMENT_START_EVENT && e->data.document_start.version_directive;
		if (*directive || (e->type != YAML_STREAM_START_EVENT && e->type != YAML_DOCUMENT_START_EVENT))
			return true;
		yaml_event_delete(e);
	}
}

/* Counts the events; leaves at the first that only one side can have. */
static unsigned compare(struct str text)
{
	struct arena a;
	struct node_parser p;
	struct node_event ev;
	yaml_parser_t y;
	yaml_event_t e;
	unsigned count = 0;
	bool more = true, directive;

	arena_init(&a);
	node_parser_init(&p, &a, text, DEPTH);
	yaml_parser_initialize(&y);
	yaml_parser_set_input_string(&y, (const unsigned char *)text.p, text.n);
	while (more) {
		bool ours = node_parser_next(&p, &ev), theirs;
		if (ours && ev.kind == EVENT_DIRECTIVE)
			break;
		theirs = next_theirs(&y, &e, &directive);
		assert_int_equal(ours, theirs);
		if (!theirs) {
			assert_string_equal(p.problem, y.problem);
			break;
		}
		assert_false(directive);
		same_event(&ev, &e);
		more = ev.kind != EVENT_DONE && ev.kind != EVENT_NONE;
		count++;
		yaml_event_delete(&e);
	}
	node_parser_release(&p);
	yaml_parser_delete(&y);
	arena_release(&a);
	return count;
}

/* The text of the pieces that the digits of n name. */
static struct str put_together(struct buf *out, uint64_t n, int count)
{
	buf_clear(out);
	for (int i = 0; i < count; i++, n /= PIECES)
		buf_addz(out, pieces[n % PIECES]);
	return buf_str(out);
}

static void test_all_short_texts(void **state)
{
	struct buf b;
	uint64_t events = 0, size = 1;
	(void)state;
	buf_init(&b, 1024);
	for (int count = 0; count <= 3; count++, size *= PIECES)
		for (uint64_t n = 0; n < size; n++)
			events += compare(put_together(&b, n, count));
	buf_release(&b);
	assert_in_range(events, 10000, UINT64_MAX);
}

static void test_many_longer_texts(void **state)
{
	struct buf b;
	uint64_t x = 1, events = 0;
	(void)state;
	buf_init(&b, 1024);
	for (int i = 0; i < 100000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		events += compare(put_together(&b, x, 4 + (int)(x >> 40 & 7)));
	}
	buf_release(&b);
	assert_in_range(events, 100000, UINT64_MAX);
}

/* What is deeper than allowed fails, however deep the text is. */
static void test_depth(void **state)
{
	char text[200] = "";
	struct arena a;
	struct node_parser p;
	struct node_event ev;
	int open = 0;
	(void)state;
	memset(text, '[', sizeof text - 1);
	arena_init(&a);
	node_parser_init(&p, &a, str_of(text), DEPTH);
	while (node_parser_next(&p, &ev))
		open += ev.kind == EVENT_LIST;
	assert_in_range(open, DEPTH + 1, DEPTH + 2);
	assert_string_equal(p.problem, "too deep");
	node_parser_release(&p);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_short_texts),
		cmocka_unit_test(test_many_longer_texts),
		cmocka_unit_test(test_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
