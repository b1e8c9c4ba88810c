#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/visible.h"
#include "cli/past.h"
#include "journal/output.h"
#include "journal/reader.h"
#include "journal/state.h"
#include "value/json.h"

/* logs: what steps printed, from the journal and its blobs; -f follows a run. */

struct logs { struct cli *c; struct past *p; const char *step; uint32_t shown; bool sealed, damaged; };

/* Each line with its key, standard error marked. */
static void put_lines(struct str key, const char *mark, struct str text, bool bare)
{
	struct buf b;

	buf_init(&b, 256 << 20);
	for (size_t at = 0; at < text.n;) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t end = nl ? (size_t)(nl - text.p) : text.n;

		if (!bare) {
			visible_add(&b, key);
			buf_addz(&b, mark);
		}
		visible_add(&b, str_slice(text, at, end));
		buf_addc(&b, '\n');
		at = end + 1;
	}
	cli_out(buf_str(&b));
	buf_release(&b);
}

static struct str member(struct value v, const char *name)
{
	const struct value *m = value_get(v, str_of(name));

	return m && m->kind == V_STRING ? value_text(*m) : STR("");
}

static void put_blob(struct logs *l, struct str key, const char *mark, struct str hex)
{
	struct arena a;
	struct str bytes;
	int err;

	if (!hex.n)
		return;
	arena_init(&a);
	err = blob_get(&a, l->p->dir.p, hex, 128 << 20, &bytes);
	if (err) {
		cli_error(STR_FMT ": blob " STR_FMT ": %s", STR_ARG(key), STR_ARG(hex), err < 0 ? "its hash is wrong" : strerror(err));
		l->damaged = true;
	} else {
		put_lines(key, mark, bytes, l->step != NULL);
	}
	arena_release(&a);
}

static void put_output(struct logs *l, const struct record *r, const char *name)
{
	const char *mark = !strcmp(name, "err") ? " ! " : " | ";
	struct json_error je;
	struct arena a;
	struct value v;
	struct str raw = record_raw(r, name);

	if (!raw.n)
		return;
	arena_init(&a);
	if (json_parse(&a, raw, &v, &je) && v.kind == V_MAP) {
		if (member(v, "text").n)
			put_lines(r->k, mark, member(v, "text"), l->step != NULL);
		put_blob(l, r->k, mark, member(v, "blob"));
		put_blob(l, r->k, mark, member(v, "head"));
		if (member(v, "tail").n) {
			put_lines(r->k, mark, STR("... (cut) ..."), l->step != NULL);
			put_blob(l, r->k, mark, member(v, "tail"));
		}
		if (member(v, "b64").n)
			put_lines(r->k, mark, STR("(binary output)"), l->step != NULL);
		if (value_get(v, STR("quiet")))
			put_lines(r->k, mark, STR("(secret output: not kept)"), l->step != NULL);
	}
	arena_release(&a);
}

/* A sample of a monitor, when it is the monitor that is asked for: its time and figures. */
static void put_sample(const struct record *r)
{
	struct str values = record_raw(r, "values"), out = record_raw(r, "out"), error;
	struct json_error je;
	struct arena a;
	struct value v;
	struct buf b;

	arena_init(&a);
	buf_init(&b, 64 << 10);
	buf_adds(&b, r->w);
	error = record_text(r, &a, "error");
	if (error.n)
		buf_printf(&b, "  failed: " STR_FMT, STR_ARG(error));
	if (values.n && json_parse_members(&a, values, 1, &v, &je) && v.kind == V_MAP)
		for (uint32_t i = 0; i < v.n; i++) {
			buf_printf(&b, "  " STR_FMT " ", STR_ARG(v.map[i].key));
			value_show(v.map[i].value, &b);
		}
	if (out.n && json_parse_typed(&a, out, &v, &je)) {
		buf_addz(&b, "  out ");
		value_show(v, &b);
	}
	put_lines(STR(""), "", buf_str(&b), true);
	buf_release(&b);
	arena_release(&a);
}

/* A rule of it that fired, or that does not hold any more. */
static void put_rule(const struct record *r)
{
	struct arena a;
	struct buf b;

	arena_init(&a);
	buf_init(&b, 64 << 10);
	buf_adds(&b, r->w);
	if (str_eqz(r->t, "rule"))
		buf_printf(&b, "  fires, " STR_FMT ": " STR_FMT, STR_ARG(record_text(r, &a, "then")), STR_ARG(record_text(r, &a, "text")));
	else
		buf_printf(&b, "  holds no more: " STR_FMT, STR_ARG(record_text(r, &a, "when")));
	put_lines(STR(""), "", buf_str(&b), true);
	buf_release(&b);
	arena_release(&a);
}

/* "migrate" stands for act/migrate and its iterations; a whole key for itself. */
static bool wanted(const struct logs *l, struct str key)
{
	struct str step = str_of(l->step);
	size_t slash = key.n;

	if (!l->step || str_eq(key, step))
		return true;
	while (slash > 0 && key.p[slash - 1] != '/')
		slash--;
	key = str_slice(key, slash, key.n);
	return str_eq(key, step) || (str_starts(key, step) && key.n > step.n && key.p[step.n] == '[');
}

static void each(void *arg, const struct record *r)
{
	struct logs *l = arg;

	if (str_eqz(r->t, "seal") || str_eqz(r->t, "held"))
		l->sealed = true;
	if (l->step && str_eqz(r->t, "sample") && wanted(l, r->k)) {
		l->shown++;
		put_sample(r);
	}
	if (l->step && str_starts(r->t, STR("rule")) && wanted(l, r->k))
		put_rule(r);
	if ((!str_eqz(r->t, "step.attempt") && !str_eqz(r->t, "probe")) || !wanted(l, r->k))
		return;
	l->shown++;
	put_output(l, r, "out");
	put_output(l, r, "err");
}

static int follow(struct logs *l)
{
	struct timespec pause = { 0, 100000000 };
	struct record r;
	int err, got;
	struct journal_tail *t = journal_tail_open(l->p->journal.p, &err);

	if (!t) {
		cli_error(STR_FMT ": %s", STR_ARG(l->p->journal), strerror(err));
		return EXIT_FAILED;
	}
	while (!l->sealed) {
		got = journal_tail_next(t, &r);
		if (got < 0) {
			cli_error("the journal of run " STR_FMT " is damaged", STR_ARG(l->p->id));
			l->damaged = true;
			break;
		}
		if (got > 0) {
			each(l, &r);
		} else if (!run_is_live(l->p->dir.p) && journal_tail_next(t, &r) <= 0) {
			break;
		} else {
			nanosleep(&pause, NULL);
		}
	}
	journal_tail_free(t);
	return l->damaged ? EXIT_DAMAGED : EXIT_OK;
}

static int logs_run(struct cli *c)
{
	struct journal_scan scan;
	struct past p;
	struct logs l = { .c = c, .p = &p };
	int code;

	if (c->arg_count < 1 || c->arg_count > 2)
		return cli_usage(c, "logs needs a run, and perhaps a step");
	l.step = c->arg_count == 2 ? c->args[1] : NULL;
	if (cli_has(c, "follow")) {
		code = past_find(c, c->args[0], &p);
		return code ? code : follow(&l);
	}
	code = past_open_begun(c, c->args[0], &p);
	if (code)
		return code;
	journal_scan_file(p.journal.p, &scan, each, &l);
	if (l.step && !l.shown) {
		cli_error("run " STR_FMT " has no output of a step `%s`", STR_ARG(p.id), l.step);
		return EXIT_FAILED;
	}
	return l.damaged ? EXIT_DAMAGED : EXIT_OK;
}

static const struct option_row options[] = {
	{ "follow", 'f', NULL, "go on until the run ends" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_logs = {
	.name = "logs",
	.usage = "logs RUN [STEP] [-f]",
	.summary = "what the steps of a run printed, or a monitor sampled",
	.help = "Lines are marked with their step, `|` is standard output, `!` standard error. With STEP\n"
		"(a key such as act/migrate, or its id) the lines stand bare. Of a monitor (its key or\n"
		"id) each sample is a line: its time and its figures, or why it failed; so are its rules.\n\n"
		"  runbook logs @last\n  runbook logs @last migrate\n  runbook logs @last -f\n  runbook logs @last monitors/errors -f\n",
	.options = options,
	.run = logs_run,
	.bundles = true,
};
