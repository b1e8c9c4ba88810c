/* test_report: journals made by hand, folded and reported on: the tree of keys, records of
 * tomorrow, outputs, the twelve lines, and hostile text in every place of every format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/jsonw.h"
#include "journal/journal.h"
#include "journal/output.h"
#include "report/compare.h"
#include "report/formats.h"
#include "scratch.h"
#include "value/json.h"

#define PROGRAM "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define RUN "01m7ydxrwv3k4t9g2c5s8n0qzb"
#define OPEN "\"t\":\"run.open\",\"run\":\"" RUN "\",\"program\":\"" PROGRAM "\",\"runbook\":\"demo\",\"path\":\"d.yml\",\"operator\":\"ann\",\"inputs\":{}"

struct made { struct scratch dir; struct arena a; struct journal *j; int n; struct report r; struct buf out; };

static void add(struct made *m, const char *body)
{
	journal_add(m->j, INT64_C(1795243828000000000) + m->n * INT64_C(1000000), m->n * INT64_C(1000000), str_of(body));
	m->n++;
}

static void begin(struct made *m)
{
	struct journal_options o;
	int err;

	memset(m, 0, sizeof(*m));
	scratch_make(&m->dir);
	arena_init(&m->a);
	buf_init(&m->out, 64 << 20);
	o = (struct journal_options){ .dir = m->dir.path, .run_id = STR(RUN), .program_digest = STR(PROGRAM), .no_sync = true };
	m->j = journal_create(&o, &err);
	assert_non_null(m->j);
}

static void fold(struct made *m, bool brief)
{
	assert_int_equal(journal_flush(m->j, false), 0);
	journal_free(m->j);
	m->j = NULL;
	assert_true(report_read(&m->a, scratch_at(&m->dir, "journal.jsonl"), brief, &m->r));
	assert_int_equal(m->r.scan.state, JOURNAL_SOUND);
}

static const char *make(struct made *m, enum report_format format)
{
	buf_clear(&m->out);
	assert_true(report_make(&m->r, m->dir.path, format, &m->out));
	return m->out.p;
}

static void end(struct made *m)
{
	if (m->j)
		journal_free(m->j);
	buf_release(&m->out);
	arena_release(&m->a);
	scratch_remove(&m->dir);
}

static const struct report_node *node(const struct made *m, const char *key)
{
	for (uint32_t i = 1; i < m->r.node_count; i++)
		if (str_eqz(m->r.nodes[i]->key, key))
			return m->r.nodes[i];
	fail_msg("no node %s", key);
	return NULL;
}

static void tree_of_keys(void **state)
{
	static const char *const steps[] = { "act/stop[0]", "act/stop[1]", "act/blk/x", "act/blk~2/x", "act/stop[1]!undo/#1", "act/a!always/#1",
					     "act/e[3]/in[0]/#2", "always/#1" };
	struct made m;
	char body[200];
	(void)state;

	begin(&m);
	add(&m, OPEN);
	add(&m, "\"t\":\"phase.open\",\"k\":\"act\"");
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		snprintf(body, sizeof(body), "\"t\":\"step.intent\",\"k\":\"%s\",\"action\":\"run\",\"effect\":\"write\",\"argv\":[\"a b\",\"c\"]", steps[i]);
		add(&m, body);
		snprintf(body, sizeof(body), "\"t\":\"step.outcome\",\"k\":\"%s\",\"status\":\"ok\",\"took_us\":5", steps[i]);
		add(&m, body);
	}
	fold(&m, false);
	assert_int_equal(m.r.step_count, 8);
	assert_int_equal(node(&m, "act")->kind, NODE_PHASE);
	assert_int_equal(node(&m, "act/stop")->kind, NODE_STEP);
	assert_false(node(&m, "act/stop")->step);
	assert_int_equal(node(&m, "act/stop[1]")->kind, NODE_ITERATION);
	assert_ptr_equal(node(&m, "act/stop[1]")->parent, node(&m, "act/stop"));
	assert_int_equal(node(&m, "act/blk~2")->kind, NODE_AGAIN);
	assert_ptr_equal(node(&m, "act/blk~2")->parent, node(&m, "act/blk"));
	assert_int_equal(node(&m, "act/stop[1]!undo")->kind, NODE_UNDO);
	assert_ptr_equal(node(&m, "act/stop[1]!undo")->parent, node(&m, "act/stop[1]"));
	assert_int_equal(node(&m, "act/a!always")->kind, NODE_ALWAYS);
	assert_true(str_eqz(node(&m, "act/e[3]/in[0]/#2")->label, "#2"));
	assert_true(str_eqz(node(&m, "act/blk/x")->what, "'a b' c"));
	assert_true(str_eqz(node(&m, "act/blk/x")->status, "ok"));
	assert_int_equal(node(&m, "act/blk/x")->ended_us - node(&m, "act/blk/x")->began_us, 1000);
	end(&m);
}

static void a_script_with_its_values(void **state)
{
	struct made m;
	(void)state;

	begin(&m);
	add(&m, OPEN);
	add(&m, "\"t\":\"step.intent\",\"k\":\"act/a\",\"action\":\"run\",\"shell\":\"sh\",\"line\":\"echo ${{ x }} '${{ y }}' ${{ z }}\",\"rb\":[\"a\",\"b c\",{\"n\":900,\"head\":\"long\"}]");
	add(&m, "\"t\":\"step.intent\",\"k\":\"act/b\",\"action\":\"run\",\"shell\":\"sh\",\"line\":\"echo ${{ x\",\"rb\":[\"a\"]");
	add(&m, "\"t\":\"step.intent\",\"k\":\"act/c\",\"action\":\"run\",\"shell\":\"sh\",\"line\":\"${{ x }}${{ y }}\",\"rb\":[\"a\"]");
	fold(&m, false);
	assert_true(str_eqz(node(&m, "act/a")->what, "echo a ''b c'' long..."));
	assert_true(str_eqz(node(&m, "act/b")->what, "echo ${{ x"));
	assert_true(str_eqz(node(&m, "act/c")->what, "a${{ y }}"));
	end(&m);
}

/* Types and members that this version does not know stay, in order, and are reported. */
static void records_of_tomorrow(void **state)
{
	struct made m;
	struct value v;
	struct json_error je;
	(void)state;

	begin(&m);
	add(&m, OPEN ",\"source\":{\"path\":\"d.yml\",\"repository\":\"r\",\"tag\":\"v1\",\"commit\":\"0123456789abcdef\",\"signature\":{\"kind\":\"ssh\",\"good\":true,\"signer\":\"ann\"}},\"quantum\":7");
	add(&m, "\"t\":\"approval\",\"k\":\"plan/ok\",\"by\":\"kim\",\"answer\":\"yes\",\"why\":\"reviewed\"");
	add(&m, "\"t\":\"epoch.open\",\"pid\":7");
	for (int i = 0; i < 50; i++) {
		char body[200];

		snprintf(body, sizeof(body), "\"t\":\"telemetry\",\"k\":\"live\",\"values\":{\"p95\":{\"duration_ns\":%d},\"note\":\"x\"}", i * 1000000);
		add(&m, body);
	}
	fold(&m, false);
	assert_int_equal(m.r.event_count, 52);
	assert_true(str_eqz(m.r.events[0].t, "approval"));
	assert_true(str_eqz(m.r.events[0].body, "{\"by\":\"kim\",\"answer\":\"yes\",\"why\":\"reviewed\"}"));
	assert_true(str_eqz(m.r.more, "{\"quantum\":7}"));
	assert_true(str_eqz(words_source(&m.a, &m.r), "d.yml of r, tag v1, commit 0123456789ab, signed by ann"));
	assert_true(json_parse(&m.a, str_of(make(&m, REPORT_JSON)), &v, &je));
	assert_non_null(strstr(m.out.p, "\"events\":[{\"n\":2,\"t\":\"approval\""));
	assert_non_null(strstr(make(&m, REPORT_TEXT), "approval plan/ok, by kim (reviewed)\n      yes\n"));
	assert_non_null(strstr(make(&m, REPORT_MD), "| ` approval ` | ` plan/ok ` | ` kim ` | ` yes ` | ` reviewed ` |"));
	assert_non_null(strstr(make(&m, REPORT_HTML), "Questions, answers and approvals"));
	assert_non_null(strstr(m.out.p, "<td>kim</td>"));
	end(&m);
}

/* Millions of samples are no millions of events: extremes are exact, points thinned out. */
static void samples_of_monitors(void **state)
{
	struct made m;
	struct value v;
	struct json_error je;
	(void)state;

	begin(&m);
	add(&m, OPEN);
	for (int i = 0; i < 5000; i++) {
		char body[200];

		snprintf(body, sizeof(body), i % 10 == 9 ? "\"t\":\"sample\",\"k\":\"monitors/live\",\"error\":\"HTTP status 503\",\"code\":503,\"took_us\":1"
			 : "\"t\":\"sample\",\"k\":\"monitors/live\",\"code\":200,\"values\":{\"p95\":{\"duration_ns\":%lld},\"note\":\"x\"},\"out\":%d,\"took_us\":1", i * 1000000LL, -i);
		add(&m, body);
	}
	add(&m, "\"t\":\"rule\",\"k\":\"monitors/live\",\"rule\":1,\"when\":\"p95 > 4s\",\"then\":\"rollback\",\"text\":\"too <slow>\"");
	fold(&m, false);
	assert_int_equal(m.r.event_count, 0);
	assert_int_equal(m.r.monitor_count, 1);
	assert_int_equal(m.r.monitors[0].samples, 5000);
	assert_int_equal(m.r.monitors[0].failed, 500);
	assert_int_equal(m.r.monitors[0].figure_count, 2); /* a text is no figure */
	assert_true(m.r.monitors[0].figures[0].point_count <= REPORT_POINTS_MAX && m.r.monitors[0].figures[0].point_count > REPORT_POINTS_MAX / 3);
	assert_int_equal(m.r.monitors[0].figures[0].count, 4500);
	assert_non_null(strstr(make(&m, REPORT_HTML), "p95: 4500 samples and 500 that failed, least 0s, most 5s, last 5s"));
	assert_non_null(strstr(m.out.p, "too &lt;slow&gt;"));
	assert_non_null(strstr(m.out.p, "out: 4500 samples and 500 that failed, least -4998, most 0, last -4998"));
	assert_non_null(strstr(make(&m, REPORT_TEXT), "MONITORS\n  monitors/live  5000 samples, 500 failed, the last with: HTTP status 503\n      p95: 4500"));
	assert_non_null(strstr(m.out.p, " rollback: too <slow>\n"));
	assert_non_null(strstr(make(&m, REPORT_MD), "### Monitors"));
	assert_true(json_parse(&m.a, str_of(make(&m, REPORT_JSON)), &v, &je));
	assert_non_null(strstr(m.out.p, "\"monitors\":[{\"k\":\"monitors/live\",\"samples\":5000,\"failed\":500"));
	end(&m);
}

static void brief_is_enough_for_lists(void **state)
{
	struct made m;
	(void)state;

	begin(&m);
	add(&m, OPEN);
	add(&m, "\"t\":\"step.intent\",\"k\":\"act/a\",\"action\":\"run\",\"effect\":\"write\",\"argv\":[\"x\"]");
	add(&m, "\"t\":\"step.attempt\",\"k\":\"act/a\",\"a\":1,\"end\":\"exit\",\"code\":3,\"took_us\":1,\"out\":{\"n\":0}");
	add(&m, "\"t\":\"note\",\"text\":\"x\"");
	fold(&m, true);
	assert_int_equal(m.r.steps[0]->code, 3);
	assert_null(m.r.steps[0]->tries);
	assert_int_equal(m.r.event_count, 0);
	assert_true(str_eqz(m.r.last_key, "act/a"));
	assert_true(str_eqz(report_status(&m.r), "unfinished"));
	end(&m);
}

/* A key may be as long as a record: the tree has a floor. */
static void deep_keys(void **state)
{
	struct made m;
	struct buf body;
	(void)state;

	begin(&m);
	add(&m, OPEN);
	buf_init(&body, 1 << 20);
	buf_addz(&body, "\"t\":\"step.outcome\",\"k\":\"");
	for (int i = 0; i < 50000; i++)
		buf_addz(&body, i % 3 ? "a/" : "[~!");
	buf_addz(&body, "\",\"status\":\"ok\",\"took_us\":1");
	add(&m, body.p);
	add(&m, "\"t\":\"step.outcome\",\"k\":\"///[[!~\",\"status\":\"ok\",\"took_us\":1");
	fold(&m, false);
	assert_in_range(m.r.node_count, 2, 400);
	for (enum report_format f = REPORT_TEXT; f <= REPORT_JUNIT; f++)
		(void)make(&m, f);
	buf_release(&body);
	end(&m);
}

static void outputs(void **state)
{
	struct made m;
	struct buf text;
	struct words_output o;
	char hex[65];
	(void)state;

	begin(&m);
	add(&m, OPEN);
	fold(&m, false);
	o = words_output(&m.a, NULL, STR("{\"n\":0}"), 100);
	assert_false(o.any);
	o = words_output(&m.a, NULL, STR("{\"n\":3,\"text\":\"a\\nb\"}"), 100);
	assert_true(o.any && str_eqz(o.text, "a\nb") && !o.left_out);
	o = words_output(&m.a, NULL, STR("{\"n\":3,\"b64\":\"AAAA\"}"), 100);
	assert_string_equal(o.note, "binary output");
	o = words_output(&m.a, NULL, STR("{\"n\":3,\"quiet\":true}"), 100);
	assert_non_null(o.note);
	o = words_output(&m.a, NULL, STR("{\"n\":3,\"lost\":true}"), 100);
	assert_non_null(o.note);
	o = words_output(&m.a, m.dir.path, STR("{\"n\":3,\"blob\":\"" PROGRAM "\"}"), 100);
	assert_string_equal(o.note, "the stored output is missing");
	o = words_output(&m.a, m.dir.path, STR("{\"n\":3,\"blob\":\"../../etc/passwd\"}"), 100);
	assert_string_equal(o.note, "the stored output is missing");
	o = words_output(&m.a, NULL, STR("not json"), 100);
	assert_false(o.any);
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "line %d\n", i);
	assert_int_equal(blob_put(m.dir.path, buf_str(&text), hex), 0);
	o = words_output(&m.a, m.dir.path, arena_printf(&m.a, "{\"n\":%zu,\"blob\":\"%s\"}", text.len, hex), 1000);
	assert_null(o.note);
	assert_true(str_starts(o.text, STR("line 0\n")) && str_ends(o.text, STR("\n")) && str_starts(o.tail, STR("line 9")) && str_ends(o.tail, STR("line 999\n")));
	assert_int_equal(o.text.n + o.tail.n + (size_t)o.left_out, text.len);
	buf_clear(&text); /* one line of three-byte characters: cut between them */
	for (int i = 0; i < 1000; i++)
		buf_addz(&text, "한");
	assert_int_equal(blob_put(m.dir.path, buf_str(&text), hex), 0);
	o = words_output(&m.a, m.dir.path, arena_printf(&m.a, "{\"n\":%zu,\"blob\":\"%s\"}", text.len, hex), 1001);
	assert_true(utf8_valid(o.text) && utf8_valid(o.tail) && o.text.n > 400 && o.tail.n > 400);
	buf_release(&text);
	end(&m);
}

static void xml_is_escaped(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 4096);
	scribe_xml(&b, STR("<a href=\"x\">&'\x01\x1b\x7f\xff\xef\xbf\xbe\xef\xbf\xbf\xe2\x80\xae\n]]>"), false);
	assert_string_equal(b.p, "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\xe2\x90\x81\xe2\x90\x9b\xe2\x90\xa1\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xe2\x90\x8a]]&gt;");
	buf_clear(&b);
	scribe_xml(&b, STR("a\r\nb\n\n\rc\n"), true);
	assert_string_equal(b.p, "a\nb\n\n\xe2\x90\x8d" "c\n");
	buf_clear(&b);
	scribe_xml(&b, STR(""), true);
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

/* --- hostile text everywhere ---------------------------------------------------------- */

static uint64_t seed = 88172645463325252u;

static uint32_t dice(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 20) % n);
}

static struct str hostile(struct arena *a)
{
	static const char *const pieces[] = { "<q>", "\"", "'", "&", "]]>", "-->", "```", "\n", "\r", "\x01", "\x1b[31m", "\xe2\x80\xae", "\xef\xbf\xbe", "|", "~2", "!undo",
					      "[1]", "/", "${{ x }}", "한글", "\\", "</pre>", "</script>", "%s%n", "a", "b", "" };
	struct str s = STR("");

	for (uint32_t i = 1 + dice(6); i--;)
		s = arena_printf(a, STR_FMT "%s", STR_ARG(s), pieces[dice(sizeof(pieces) / sizeof(*pieces))]);
	return s;
}

static void members(struct made *m, struct jsonw *w, const char *const *names)
{
	for (; *names; names++)
		if (dice(4))
			jsonw_kstr(w, *names, hostile(&m->a));
}

/* True if it was the seal. */
static bool one_record(struct made *m)
{
	static const char *const types[] = { "step.intent", "step.attempt", "step.outcome", "guard", "probe", "issue", "note", "comp.plan", "comp.outcome", "comp.intent",
					     "phase.open", "phase.close", "held", "sample", "approval", "seal" };
	static const char *const names[] = { "id", "name", "action", "effect", "preview", "status", "error", "end", "at", "why", "severity", "text", "cause", "result",
					     "when", "answer", "by", "line", "question", "url", NULL };
	struct buf b;
	struct jsonw w;
	uint32_t type = dice(sizeof(types) / sizeof(*types) - (m->n < 40));

	buf_init(&b, 64 << 10);
	jsonw_init(&w, &b);
	jsonw_kstr(&w, "t", str_of(types[type]));
	jsonw_kstr(&w, "k", dice(3) ? arena_printf(&m->a, "act/s%u", dice(5)) : arena_printf(&m->a, "x" STR_FMT, STR_ARG(hostile(&m->a))));
	members(m, &w, names);
	jsonw_kint(&w, "took_us", (int64_t)dice(1000000) - 10);
	jsonw_kint(&w, "a", dice(9));
	jsonw_kint(&w, "code", (int64_t)dice(3) - 1);
	jsonw_key(&w, "out");
	jsonw_open(&w, '{');
	jsonw_kint(&w, "n", 5);
	jsonw_kstr(&w, dice(2) ? "text" : dice(2) ? "blob" : "b64", hostile(&m->a));
	jsonw_close(&w, '}');
	jsonw_key(&w, dice(2) ? "items" : "entries");
	jsonw_open(&w, '[');
	jsonw_str(&w, hostile(&m->a));
	jsonw_open(&w, '{');
	members(m, &w, (const char *const[]){ "that", "else", "say", "error", NULL });
	jsonw_key(&w, "saw");
	jsonw_open(&w, '{');
	jsonw_str(&w, hostile(&m->a));
	buf_addc(w.out, ':');
	w.comma = false;
	jsonw_str(&w, hostile(&m->a));
	jsonw_close(&w, '}');
	jsonw_close(&w, '}');
	jsonw_close(&w, ']');
	jsonw_key(&w, dice(2) ? "captures" : "residue");
	jsonw_raw(&w, dice(2) ? STR("[{\"k\":\"<q>\",\"why\":\"<q>\",\"commands\":[\"<q>\",7]},null,3]") : STR("{\"<q>\":{\"duration_ns\":5},\"b\":[\"<q>\"],\"c\":{\"duration_ns\":\"x\"}}"));
	journal_add(m->j, INT64_C(1795243828000000000), m->n * INT64_C(1000000), buf_str(&b));
	m->n++;
	buf_release(&b);
	return !strcmp(types[type], "seal");
}

static void no_controls(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n') || s.p[i] == 0x7f)
			fail_msg("byte %zu is %02x: %.60s", i, (unsigned char)s.p[i], s.p + (i > 30 ? i - 30 : 0));
	assert_true(utf8_valid(s));
}

static void hostile_everywhere(void **state)
{
	(void)state;
	for (int round = 0; round < 150; round++) {
		struct made m;
		struct json_error je;
		struct value v;
		struct comparison c;

		begin(&m);
		add(&m, OPEN ",\"title\":\"<q>\"");
		for (int i = 0; i < 60 && !one_record(&m); i++)
			;
		fold(&m, false);
		for (enum report_format f = REPORT_TEXT; f <= REPORT_JUNIT; f++) {
			(void)make(&m, f);
			no_controls(buf_str(&m.out));
			if (f == REPORT_HTML || f == REPORT_JUNIT) {
				assert_null(strstr(m.out.p, "<q>"));
				assert_null(strstr(m.out.p, "</script>"));
				assert_null(strstr(m.out.p, "\xef\xbf\xbe"));
				assert_null(strstr(m.out.p, "\xe2\x80\xae"));
			} else if (f == REPORT_JSON && !json_parse(&m.a, buf_str(&m.out), &v, &je)) {
				fail_msg("round %d: line %d column %d: %s", round, je.line, je.column, je.text);
			}
		}
		compare_runs(&m.a, &m.r, &m.r, &c);
		assert_true(c.same && !c.count);
		end(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_of_keys),		     cmocka_unit_test(a_script_with_its_values),
		cmocka_unit_test(records_of_tomorrow),
		cmocka_unit_test(samples_of_monitors),	     cmocka_unit_test(brief_is_enough_for_lists),
		cmocka_unit_test(deep_keys),		     cmocka_unit_test(outputs),
		cmocka_unit_test(xml_is_escaped),	     cmocka_unit_test(hostile_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
