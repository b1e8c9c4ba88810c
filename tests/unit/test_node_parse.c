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
				      "---\n", "...\n", "%YAML 1.1\n", "# h\n", "-", ":", " #i\n", "\t", "\r\n", "\"j k\"", "'l''m'", "\xc3\xa9", "\xc2\xa9",
				      "\xc2\x85", "\xe2\x80\xa6", "\xe2\x80\xa8" };
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
		if (ours != theirs)
			print_error("%s: %s\n", ours ? "only libyaml refuses" : "only libyaml reads", text.p);
		assert_int_equal(ours, theirs);
		if (!theirs) {
			assert_string_equal(p.problem, y.problem);
			if (y.error == YAML_SCANNER_ERROR)
				assert_int_equal(p.problem_at, y.problem_mark.index);
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

/* Keys of about 1,024 characters, which is libyaml's limit, and texts that are longer than a line. */
static void test_long_texts(void **state)
{
	static const char *const forms[] = { "%s: b\n", "- %s : b\n", "\"%s\": b\n", "[%s: b]\n", "{a: %s, b: c}\n", "[%s, [%s\n b]]\n", "a: %s\n  %s\nb: c\n",
					     "[[%s]: a]\n", "a: %s\n\n\n# c\n  # d\nb: c\n", "a: %s # c\nb: c\n", "a: \"%s\\n\"\n", "- - - %s\n  - %s\n- b\n" };
	static const char *const units[] = { "x", "x ", "\xed\x95\x9c", "-x" };
	struct buf text, b;
	(void)state;
	buf_init(&text, 8192);
	buf_init(&b, 32768);
	for (size_t u = 0; u < sizeof units / sizeof *units; u++)
		for (size_t n = 1; n <= 1100; n += n < 1000 ? 333 : 1) {
			buf_clear(&text);
			while (text.len < n)
				buf_addz(&text, units[u]);
			for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
				buf_clear(&b);
				buf_printf(&b, forms[f], text.p, text.p);
				assert_in_range(compare(buf_str(&b)), 0, 100);
			}
		}
	buf_release(&text);
	buf_release(&b);
}

/* Of a usual text no scalar goes through libyaml's scanner: it would be in memory of its own. */
static void test_texts_stay_in_the_buffer(void **state)
{
	struct str text = STR("# c\nrunbook: 1\nname: \"a b\"\nact:\n  - id: x # d\n    run: [a, -r, 'b', {c: \xc3\xa9}]\n  - run: a b:c d#e -- f\n\ntest:\n- wait: 5s\n");
	struct arena a;
	struct node_parser p;
	struct node_event ev = { .kind = EVENT_SCALAR };
	unsigned scalars = 0;
	(void)state;
	arena_init(&a);
	node_parser_init(&p, &a, text, DEPTH);
	if (!p.known) { /* another libyaml than Debian's */
		node_parser_release(&p);
		arena_release(&a);
		skip();
	}
	while (ev.kind != EVENT_DONE) {
		assert_true(node_parser_next(&p, &ev));
		if (ev.kind != EVENT_SCALAR)
			continue;
		scalars++;
		assert_in_range((uintptr_t)ev.text.p, (uintptr_t)p.yaml.buffer.start, (uintptr_t)p.yaml.buffer.last);
	}
	assert_int_equal(scalars, 18);
	node_parser_release(&p);
	arena_release(&a);
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
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_texts_stay_in_the_buffer),
		cmocka_unit_test(test_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
