#include <string.h>

#include "cli/past.h"
#include "report/report.h"

/* report: a past run as text, JSON, Markdown, HTML, JUnit or a trace, from its folder alone. */

static int report_run(struct cli *c)
{
	const char *name = cli_arg(c, "format") ? cli_arg(c, "format") : cli_arg(c, "output");
	enum report_format format = REPORT_TEXT;
	struct report r;
	struct past p;
	struct buf out;
	int code;

	if (c->arg_count != 1)
		return cli_usage(c, "report needs a run");
	if (name && !report_format_of(name, &format))
		return cli_usage(c, "--format %s: it must be text, json, md, html, junit or otlp", name);
	code = past_open_begun(c, c->args[0], &p);
	if (code)
		return code;
	if (!report_read(&c->arena, p.journal.p, false, &r)) {
		cli_error(STR_FMT ": %s", STR_ARG(p.journal), r.scan.why);
		return EXIT_DAMAGED;
	}
	buf_init(&out, REPORT_BYTES_MAX);
	if (report_make(&r, p.dir.p, format, &out)) {
		cli_out(buf_str(&out));
	} else {
		cli_error("the report of run " STR_FMT " would be longer than %d MiB", STR_ARG(p.id), REPORT_BYTES_MAX >> 20);
		code = EXIT_FAILED;
	}
	buf_release(&out);
	return code;
}

static const struct option_row options[] = {
	{ "format", 'f', "FORMAT", "text (default), json, md, html, junit or otlp (a trace)" },
	{ "output", 'o', "FORMAT", "the same" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_report = {
	.name = "report",
	.usage = "report RUN [--format text|json|md|html|junit|otlp]",
	.summary = "report on a run: for people, programs, CI, a browser",
	.help = "The same journal gives the same bytes, always and everywhere; times are UTC.\n\n"
		"  runbook report @last\n  runbook report @last --format html >report.html\n",
	.options = options,
	.run = report_run,
	.bundles = true,
};
