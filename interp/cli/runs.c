#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/jsonw.h"
#include "base/visible.h"
#include "cli/output.h"
#include "cli/past.h"
#include "cli/prune.h"
#include "cli/settings.h"
#include "host/clock.h"
#include "journal/state.h"
#include "value/units.h"

/* runs: past runs, newest first. */

struct filter { const char *status, *runbook; int64_t since; bool has_since; };

static bool matches(const struct filter *f, const struct past *p)
{
	int64_t at;

	if (f->status && !str_eqz(past_status(p), f->status))
		return false;
	if (f->runbook && !str_eqz(p->s.runbook, f->runbook))
		return false;
	return !f->has_since || (unit_parse_time(p->s.started, &at) && at >= f->since);
}

static void put_json(struct buf *b, const struct past *p)
{
	struct jsonw w;

	jsonw_init(&w, b);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "run", p->id);
	jsonw_kstr(&w, "status", past_status(p));
	jsonw_kstr(&w, "runbook", p->s.runbook);
	jsonw_kstr(&w, "version", p->s.runbook_version);
	jsonw_kstr(&w, "started", p->s.started);
	jsonw_kint(&w, "took_us", p->s.took_us);
	jsonw_kstr(&w, "operator", p->s.operator_name);
	jsonw_kbool(&w, "dry", p->s.dry);
	if (p->s.sealed)
		jsonw_kint(&w, "exit", p->s.exit);
	if (p->s.scan.state == JOURNAL_CORRUPT)
		jsonw_kstr(&w, "damaged", str_of(p->s.scan.why));
	jsonw_close(&w, '}');
	buf_addc(b, '\n');
}

static void put_cell(struct buf *b, struct str s, size_t width)
{
	size_t w = visible_width(s);

	visible_add(b, s);
	buf_fill(b, ' ', w < width ? width - w : 2);
}

static void put_text(struct buf *b, const struct past *p)
{
	struct str name = p->s.runbook;

	put_cell(b, p->id, RUN_ID_LEN + 2);
	put_cell(b, past_status(p), 21);
	put_cell(b, str_slice(p->s.started, 0, 19), 21);
	buf_fill(b, ' ', 0);
	size_t at = b->len;
	unit_show_duration(b, p->s.took_us * 1000);
	buf_fill(b, ' ', b->len - at < 9 ? 9 - (b->len - at) : 1);
	put_cell(b, p->s.operator_name, 12);
	visible_add(b, name);
	if (p->s.runbook_version.n) {
		buf_addc(b, ' ');
		visible_add(b, p->s.runbook_version);
	}
	if (p->s.dry)
		buf_addz(b, " (dry-run)");
	buf_addc(b, '\n');
}

static bool read_since(struct filter *f, const char *text)
{
	int64_t ns;

	f->has_since = true;
	if (unit_parse_time(str_of(text), &f->since))
		return true;
	if (!unit_parse_duration(str_of(text), &ns) || ns < 0)
		return false;
	f->since = clock_wall() - ns;
	return true;
}

static int list_runs(struct cli *c, const struct settings *set, const struct filter *f, bool json)
{
	struct str *ids;
	uint32_t n, shown = 0;
	struct buf b;
	int err = run_list(&c->arena, setting(set, SET_STATE), &ids, &n);

	if (err) {
		cli_error("%s: %s", setting(set, SET_STATE), strerror(err));
		return EXIT_FAILED;
	}
	buf_init(&b, 64 << 20);
	for (uint32_t i = 0; i < n; i++) {
		struct arena a;
		struct past p = { .id = ids[i] };

		arena_init(&a);
		p.dir = arena_printf(&a, "%s/runs/" STR_FMT, setting(set, SET_STATE), STR_ARG(ids[i]));
		p.journal = arena_printf(&a, STR_FMT "/journal.jsonl", STR_ARG(p.dir));
		p.live = run_is_live(p.dir.p);
		(void)report_read(&a, p.journal.p, true, &p.s); /* what cannot be read is shown as damaged */
		if (matches(f, &p)) {
			if (!shown++ && !json)
				buf_addz(&b, "RUN                         STATUS               STARTED (UTC)        TOOK     OPERATOR    RUNBOOK\n");
			if (json)
				put_json(&b, &p);
			else
				put_text(&b, &p);
		}
		arena_release(&a);
	}
	cli_out(buf_str(&b));
	buf_release(&b);
	if (!shown && !json && n)
		cli_error("none of the %u runs in %s is such a one", n, setting(set, SET_STATE));
	else if (!shown && !json)
		cli_error("no runs in %s", setting(set, SET_STATE));
	return EXIT_OK;
}

static int runs_run(struct cli *c)
{
	struct filter f = { cli_arg(c, "status"), cli_arg(c, "runbook"), 0, false };
	const char *since = cli_arg(c, "since"), *age = cli_arg(c, "prune");
	struct settings set;
	bool json;

	if (c->arg_count)
		return cli_usage(c, "runs takes no operands");
	if (!output_json(c, &json))
		return EXIT_USAGE;
	if (since && !read_since(&f, since))
		return cli_usage(c, "--since needs a duration such as 7d or a time such as 2026-11-21T00:00:00Z");
	if (!settings_load(c, &set))
		return EXIT_USAGE;
	if (age)
		return prune_runs(c, &set, age);
	return list_runs(c, &set, &f, json);
}

static const struct option_row options[] = {
	{ "status", 's', "STATUS", "only these: ok, failed, rolled_back, running, broken ..." },
	{ "runbook", 'r', "NAME", "only runs of this runbook" },
	{ "since", 0, "TIME", "only since a time, or for a duration such as 7d" },
	{ "prune", 0, "AGE", "remove older runs that are sealed or never began; a tombstone with digests stays" },
	{ "output", 'o', "FORMAT", "text (default) or json" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_runs = {
	.name = "runs",
	.usage = "runs [--status S] [--runbook NAME] [--since T] [--prune AGE]",
	.summary = "list past runs, newest first",
	.help = "`broken` is a run whose runner died: it has neither a seal nor a living runner.\n",
	.options = options,
	.run = runs_run,
};
