/* inputs: -i texts and files of --inputs become typed values; RB190..RB194. */
#include "plan/program.h"

#include "program_case.h"
#include "syntax/node.h"

static const char decls[] =
	"runbook: 1\n"
	"inputs:\n"
	"  tag: { type: string, pattern: '^v\\d', help: A release tag, default: v1 }\n"
	"  soak: { type: duration, min: 1s, max: 1h, default: 5m }\n"
	"  n: { type: int, min: 1, max: 5, default: 3 }\n"
	"  share: { type: percent, default: 1% }\n"
	"  ratio: { type: float, default: 1 }\n"
	"  size: { type: size, default: 1KiB }\n"
	"  at: { type: time, default: 2026-11-21T02:00:00Z }\n"
	"  yes: { type: bool, default: false }\n"
	"  ports: { type: list, of: int, max: 3, default: [] }\n"
	"  waits: { type: list, of: duration, default: [] }\n"
	"  quota: { type: map, of: size, default: {} }\n"
	"  level: { type: string, enum: [low, high], default: low }\n"
	"  maybe: { type: int, default: null }\n"
	"preflight: [{ guard: true }]\n";

struct given { const char *name, *text; };

/* Gives the texts; says the codes, and the value of `want` if there is none. */
static void give(const struct given *texts, uint32_t count, const char *file, const char *codes, const char *want, const char *shown)
{
	struct loaded l;
	struct diags ds;
	struct input_text in[8];
	struct value out[32];
	struct buf b;
	load_text(&l, decls);
	assert_non_null(l.p);
	diags_init(&ds, &l.arena);
	for (uint32_t i = 0; i < count; i++) {
		struct str text = arena_printf(&l.arena, "%s=%s", texts[i].name, texts[i].text);
		const struct source *src = source_new(&l.arena, STR("-i"), text);
		size_t name = strlen(texts[i].name);
		in[i] = (struct input_text){ str_of(texts[i].name), str_slice(text, name + 1, text.n),
					     span_of(src, (uint32_t)name + 1, (uint32_t)text.n) };
	}
	const struct node *files[1] = { NULL };
	if (file)
		files[0] = node_read(&l.arena, source_new(&l.arena, STR("f.yml"), str_of(file)), NULL, &ds);
	bool ok = program_inputs(l.p, &l.arena, in, count, files, files[0] ? 1 : 0, out, &ds);
	buf_init(&b, 4096);
	for (size_t i = 0; i < ds.count; i++)
		buf_printf(&b, "%sRB%03d", i ? " " : "", ds.list[i]->code);
	if (!str_eqz(buf_str(&b), codes)) {
		buf_clear(&b);
		diag_text(&ds, &b, false);
		fail_msg("%s=%s %s: expected [%s], got %s", count ? texts[0].name : "", count ? texts[0].text : "", file ? file : "", codes, b.p);
	}
	assert_int_equal(ok, !codes[0]);
	if (want) {
		uint32_t ix = 0;
		while (ix < l.p->rb->input_count && !str_eqz(l.p->rb->inputs[ix].name, want))
			ix++;
		buf_clear(&b);
		value_show(out[ix], &b);
		assert_string_equal(b.p, shown);
	}
	buf_release(&b);
	diags_release(&ds);
	unload(&l);
}

static void one(const char *name, const char *text, const char *codes, const char *shown)
{
	struct given g = { name, text };
	give(&g, 1, NULL, codes, codes[0] ? NULL : name, shown);
}

static void texts_take_the_declared_type(void **state)
{
	(void)state;
	give(NULL, 0, NULL, "", "soak", "5m");
	one("tag", "v10m", "", "v10m");
	one("soak", "90s", "", "1m30s");
	one("n", "5", "", "5");
	one("share", "0.5%", "", "0.5%");
	one("ratio", "2.5", "", "2.5");
	one("size", "2MiB", "", "2MiB");
	one("at", "2026-11-21T03:00:00+01:00", "", "2026-11-21T02:00:00Z");
	one("yes", "true", "", "true");
	one("ports", "[80,443]", "", "[80,443]");
	one("ports", "[]", "", "[]");
	one("waits", "[\"5s\",\"1m\"]", "", "[\"5s\",\"1m\"]");
	one("quota", "{\"a\":\"1KiB\"}", "", "{\"a\":\"1KiB\"}");
	one("maybe", "7", "", "7");
}

static void wrong_texts_say_why(void **state)
{
	(void)state;
	one("soak", "5", "RB191", NULL);
	one("soak", "5min", "RB191", NULL);
	one("n", "3.5", "RB191", NULL);
	one("n", " 3", "RB191", NULL);
	one("n", "99999999999999999999", "RB191", NULL);
	one("yes", "yes", "RB191", NULL);
	one("share", "0.5", "RB191", NULL);
	one("ports", "80,443", "RB191", NULL);
	one("ports", "{\"a\":1}", "RB191", NULL);
	one("ports", "[80,\"x\"]", "RB191", NULL);
	one("ports", "[80.5]", "RB191", NULL);
	one("quota", "{\"a\":5}", "RB191", NULL);
	one("quota", "{\"a\":\"1KiB\",\"a\":\"2KiB\"}", "RB191", NULL);
	one("tag", "1.0", "RB192", NULL);
	one("n", "0", "RB192", NULL);
	one("n", "6", "RB192", NULL);
	one("soak", "2h", "RB192", NULL);
	one("ports", "[1,2,3,4]", "RB192", NULL);
	one("level", "mid", "RB192", NULL);
	one("tga", "v1", "RB190", NULL);
}

static void later_ones_win_and_texts_win_over_files(void **state)
{
	(void)state;
	const struct given twice[] = { { "n", "1" }, { "n", "2" } }, over[] = { { "n", "2" } };
	give(twice, 2, NULL, "", "n", "2");
	give(over, 1, "n: 4\n", "", "n", "2");
	give(NULL, 0, "n: 4\nsoak: 10m\nports: [1, 2]\nquota: { a: 1MB }\n", "", "n", "4");
	give(NULL, 0, "maybe: null\n", "", "maybe", "null");
	give(NULL, 0, "tag: v07\n", "", "tag", "v07");
	/* a wrong value in a file is mended by -i */
	give(over, 1, "n: 9\n", "", "n", "2");
}

static void wrong_files_say_why(void **state)
{
	(void)state;
	give(NULL, 0, "n: \"4\"\n", "RB191", NULL, NULL);
	give(NULL, 0, "n: [4]\n", "RB191", NULL, NULL);
	give(NULL, 0, "ports: 80\n", "RB191", NULL, NULL);
	give(NULL, 0, "n: null\n", "RB191", NULL, NULL);
	give(NULL, 0, "m: 4\n", "RB190", NULL, NULL);
	give(NULL, 0, "n: 9\ntag: x\n", "RB192 RB192", NULL, NULL);
	give(NULL, 0, "[n, 4]\n", "RB193", NULL, NULL);
}

static void the_message_names_value_and_rule(void **state)
{
	(void)state;
	struct loaded l;
	struct diags ds;
	struct value out[4];
	load_text(&l, "runbook: 1\ninputs:\n  tag: { type: string, pattern: '^v', help: A tag }\n  n: int\npreflight: [{ guard: true }]\n");
	const struct source *src = source_new(&l.arena, STR("-i"), STR("tag=1.0"));
	struct input_text in = { STR("tag"), STR("1.0"), span_of(src, 4, 7) };
	diags_init(&ds, &l.arena);
	assert_false(program_inputs(l.p, &l.arena, &in, 1, NULL, 0, out, &ds));
	assert_int_equal(ds.count, 2);
	assert_true(str_eqz(ds.list[0]->message, "input `tag`: `1.0` does not match ^v"));
	assert_true(str_eqz(ds.list[0]->helps[0], "A tag"));
	assert_int_equal(ds.list[0]->span.start, 4);
	assert_true(str_eqz(ds.list[1]->message, "input `n` is required"));
	assert_true(str_eqz(ds.list[1]->helps[0], "give it with -i n=... (int)"));
	assert_int_equal(ds.list[1]->code, 194);
	diags_release(&ds);
	unload(&l);
}

static void thousands_of_inputs_end_soon(void **state)
{
	(void)state;
	struct loaded l;
	struct diags ds;
	struct buf b, f;
	enum { MANY = 40000 };
	buf_init(&b, 4 << 20);
	buf_init(&f, 4 << 20);
	buf_addz(&b, "runbook: 1\ninputs:\n");
	for (int i = 0; i < MANY; i++) {
		buf_printf(&b, "  i%d: int\n", i);
		buf_printf(&f, "i%d: %d\n", i, i);
	}
	buf_addz(&b, "preflight: [{ guard: true }]\n");
	load_text(&l, b.p);
	assert_non_null(l.p);
	diags_init(&ds, &l.arena);
	const struct node *file = node_read(&l.arena, source_new(&l.arena, STR("f"), buf_str(&f)), NULL, &ds);
	struct value *out = arena_array(&l.arena, MANY, sizeof *out);
	assert_true(program_inputs(l.p, &l.arena, NULL, 0, &file, 1, out, &ds));
	assert_int_equal(out[MANY - 1].i, MANY - 1);
	diags_release(&ds);
	unload(&l);
	buf_release(&b);
	buf_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_take_the_declared_type), cmocka_unit_test(wrong_texts_say_why),
		cmocka_unit_test(later_ones_win_and_texts_win_over_files), cmocka_unit_test(wrong_files_say_why),
		cmocka_unit_test(the_message_names_value_and_rule), cmocka_unit_test(thousands_of_inputs_end_soon),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
