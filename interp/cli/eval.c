#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "cli/eval_data.h"
#include "cli/past.h"
#include "cli/rebuild.h"
#include "cli/source.h"
#include "eval/scope_data.h"
#include "host/jail.h"
#include "journal/mask.h"
#include "run/engine.h"
#include "syntax/expr.h"
#include "syntax/node.h"
#include "value/json.h"

/* eval: one expression over a file's or a run's values; the result as JSON. */

static int evaluate(struct cli *c, const char *text, struct value data)
{
	struct scope_data scope;
	struct eval_error err = { 0 };
	struct eval_env env;
	struct node node = { 0 };
	struct diags ds;
	struct source *src = source_new(&c->arena, STR("expression"), str_of(text));
	const struct expr *e;
	const struct code *code = NULL;
	uint32_t next = 0;
	struct value v;
	struct buf b;

	node.text = src->text;
	node.span = span_of(src, 0, (uint32_t)src->text.n);
	diags_init(&ds, &c->arena);
	scope_data_init(&scope, &c->arena, data);
	e = expr_parse(&c->arena, &node, 0, (uint32_t)src->text.n, &next, &ds);
	if (e)
		code = expr_compile(&c->arena, e, &scope.scope, NULL, &ds);
	if (!code || ds.errors) {
		source_report(c, &ds, DIAG_TEXT);
		diags_release(&ds);
		return EXIT_USAGE;
	}
	diags_release(&ds);
	env = scope_data_env(&scope, &c->arena);
	v = code_eval(code, &env, &err);
	if (err.set) {
		cli_error("%s (column %u)", err.text, err.at.src ? source_locate(err.at.src, err.at.start).column : 1);
		return EXIT_FAILED;
	}
	buf_init(&b, 64 << 20);
	json_print_typed(v, &b);
	buf_addc(&b, '\n');
	cli_out(buf_str(&b));
	buf_release(&b);
	return EXIT_OK;
}

/* A past run is replayed: its engine knows all names, as they were where the journal ends. */
static int evaluate_past(struct cli *c, const char *text, const char *run)
{
	struct rebuild b = { 0 };
	struct mask *m = mask_new();
	struct past p;
	int code = past_open_begun(c, run, &p), err;

	if (!code) {
		err = jail_enter();
		if (err) {
			cli_error("the kernel does not let us give up our rights (%s): a replay must not be able to act", strerror(err));
			code = EXIT_INTERNAL;
		}
	}
	if (!code && rebuild_open(&b, c, p.dir) && rebuild_replay(&b, NULL, m)) {
		code = evaluate(c, text, engine_names(b.engine, &c->arena));
	} else if (!code) {
		cli_error("what run " STR_FMT " knew cannot be had from its journal: %s", STR_ARG(p.id), b.why);
		code = EXIT_DAMAGED;
	}
	rebuild_release(&b);
	mask_free(m);
	return code;
}

static int eval_run(struct cli *c)
{
	const char *file = cli_arg(c, "context"), *run = cli_arg(c, "run");
	struct value data = value_map(NULL, 0);

	if (c->arg_count != 1)
		return cli_usage(c, "eval needs one expression; quote it");
	if (file && run)
		return cli_usage(c, "--context and --run exclude each other");
	if (file && !eval_data_file(c, file, &data))
		return EXIT_USAGE;
	if (run)
		return evaluate_past(c, c->args[0], run);
	return evaluate(c, c->args[0], data);
}

static const struct option_row options[] = {
	{ "context", 'c', "FILE", "a YAML or JSON file: its top-level keys are names, the whole is `context`" },
	{ "run", 'r', "RUN", "what the expressions of a run could name at its end: inputs, vars, steps, run, ..." },
	{ "state", 0, "DIR", "where runs are kept" },
	{ "color", 0, "WHEN", "always, never or auto" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_eval = {
	.name = "eval",
	.usage = "eval EXPR [--context FILE | --run RUN]",
	.summary = "evaluate an expression; prints JSON",
	.help = "  runbook eval '90m / 2'\n  runbook eval 'context.items.len()' --context state.json\n"
		"  runbook eval 'steps.backup.bytes > 1KiB' --run @last\n\n"
		"Durations, sizes and percents print as {\"duration_ns\":N}, {\"size\":N}, {\"percent\":X}.\n",
	.options = options,
	.run = eval_run,
	.bundles = true,
};
