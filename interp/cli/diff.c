#include "base/jsonw.h"
#include "base/visible.h"
#include "cli/output.h"
#include "cli/past.h"
#include "report/compare.h"

/* diff: two past runs: inputs, version, path taken, outputs, timing. */

enum { DIFF_BYTES_MAX = 256 << 20 };

static const char *const parts[COMPARE_PARTS] = { "runbook", "inputs", "outcome", "path", "outputs", "timing" };

static void put_side(struct buf *b, char sign, struct str text)
{
	if (!text.p)
		return;
	for (size_t at = 0; at <= text.n;) {
		ptrdiff_t nl = str_find(str_slice(text, at, text.n), STR("\n"));
		size_t end = nl < 0 ? text.n : at + (size_t)nl;

		if (end == text.n && end == at && at)
			break; /* the text ended with a newline */
		buf_printf(b, "    %c ", sign);
		visible_add(b, str_slice(text, at, end));
		buf_addc(b, '\n');
		at = end + 1;
	}
}

static void put_text(struct buf *b, const struct comparison *c)
{
	for (int part = 0; part < COMPARE_PARTS; part++) {
		if (c->of[part])
			buf_printf(b, "%s\n", parts[part]);
		for (uint32_t i = 0; i < c->count; i++) {
			const struct difference *d = &c->list[i];

			if ((int)d->part != part)
				continue;
			buf_addz(b, "  ");
			visible_add(b, d->k);
			buf_addz(b, d->k.n ? "  " : "");
			visible_add(b, d->what);
			buf_addc(b, '\n');
			put_side(b, '-', d->a);
			put_side(b, '+', d->b);
		}
	}
}

static void put_kstr(struct jsonw *w, const char *name, struct str s)
{
	if (s.p) {
		jsonw_kstr(w, name, s);
		return;
	}
	jsonw_key(w, name);
	jsonw_null(w);
}

static void put_json(struct buf *b, const struct comparison *c, const struct report *ra, const struct report *rb)
{
	struct jsonw w;

	jsonw_init(&w, b);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "a", ra->run);
	jsonw_kstr(&w, "b", rb->run);
	jsonw_kbool(&w, "same", c->same);
	for (int part = 0; part < COMPARE_PARTS; part++) {
		jsonw_key(&w, parts[part]);
		jsonw_open(&w, '[');
		for (uint32_t i = 0; i < c->count; i++) {
			const struct difference *d = &c->list[i];

			if ((int)d->part != part)
				continue;
			jsonw_open(&w, '{');
			if (d->k.n)
				jsonw_kstr(&w, "k", d->k);
			jsonw_kstr(&w, "what", d->what);
			put_kstr(&w, "a", d->a);
			put_kstr(&w, "b", d->b);
			if (d->part == COMPARE_TIMING) {
				jsonw_kint(&w, "a_us", d->a_us);
				jsonw_kint(&w, "b_us", d->b_us);
			}
			jsonw_close(&w, '}');
		}
		jsonw_close(&w, ']');
	}
	jsonw_close(&w, '}');
	buf_addc(b, '\n');
}

static int open_run(struct cli *c, const char *what, struct report *r)
{
	struct past p;
	int code = past_open_begun(c, what, &p);

	if (code)
		return code;
	return report_read(&c->arena, p.journal.p, false, r) ? EXIT_OK : EXIT_DAMAGED;
}

static int diff_run(struct cli *c)
{
	struct report a, b;
	struct comparison diff;
	struct buf out;
	bool json;
	int code;

	if (c->arg_count != 2)
		return cli_usage(c, "diff needs two runs");
	if (!output_json(c, &json))
		return EXIT_USAGE;
	code = open_run(c, c->args[0], &a);
	if (!code)
		code = open_run(c, c->args[1], &b);
	if (code)
		return code == EXIT_FAILED ? EXIT_USAGE : code; /* 1 says that they differ */
	compare_runs(&c->arena, &a, &b, &diff);
	buf_init(&out, DIFF_BYTES_MAX);
	if (json)
		put_json(&out, &diff, &a, &b);
	else
		put_text(&out, &diff);
	cli_out(buf_str(&out));
	if (!json && !diff.count)
		cli_error("the runs do not differ");
	buf_release(&out);
	return diff.same ? EXIT_OK : EXIT_FAILED;
}

static const struct option_row options[] = {
	{ "output", 'o', "FORMAT", "text (default) or json" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_diff = {
	.name = "diff",
	.usage = "diff RUN RUN [--output json]",
	.summary = "what differs between two runs",
	.help = "Runbook and version, inputs, outcome, path taken, outputs. Exit 1 when any of it differs.\n"
		"Steps that took much longer are shown, but make no difference.\n\n"
		"  runbook diff 01j9 @last\n",
	.options = options,
	.run = diff_run,
	.bundles = true,
};
