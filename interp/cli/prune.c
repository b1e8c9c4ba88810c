#include "cli/prune.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/jsonw.h"
#include "cli/past.h"
#include "cli/settings.h"
#include "host/clock.h"
#include "journal/state.h"
#include "value/units.h"

/* prune: STATE/pruned.jsonl keeps one line per removed run: who, when, head. */

static int tombstone(struct cli *c, const struct settings *set, const struct past *p)
{
	struct str path = arena_printf(&c->arena, "%s/pruned.jsonl", setting(set, SET_STATE));
	struct jsonw w;
	struct buf b;
	FILE *f;
	int err = 0;

	buf_init(&b, 64 << 10);
	jsonw_init(&w, &b);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "run", p->id);
	jsonw_kstr(&w, "runbook", p->s.runbook);
	jsonw_kstr(&w, "program", p->s.program);
	jsonw_kstr(&w, "started", p->s.started);
	jsonw_kstr(&w, "status", p->s.status);
	jsonw_kint(&w, "records", p->s.records);
	jsonw_kstr(&w, "head", str_of(p->s.scan.head));
	jsonw_close(&w, '}');
	buf_addc(&b, '\n');
	f = fopen(path.p, "ae");
	if (!f)
		err = errno;
	else if (fwrite(b.p, 1, b.len, f) != b.len || fflush(f) || fsync(fileno(f)))
		err = errno ? errno : EIO;
	if (f)
		fclose(f);
	buf_release(&b);
	return err;
}

/* When a run began that may go: sealed, or without a record, which none will get any more. */
static bool when(const struct past *p, int64_t *started)
{
	struct stat st;

	if (past_began(p))
		return p->s.sealed && p->s.scan.state == JOURNAL_SOUND && unit_parse_time(p->s.started, started);
	if (stat(p->journal.p, &st) && stat(p->dir.p, &st))
		return false;
	*started = st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return true;
}

/* 1 removed, 0 kept, -1 after a message. */
static int prune_one(struct cli *c, const struct settings *set, struct str id, int64_t before)
{
	struct past p = { .id = id };
	int64_t started;
	int err;

	p.dir = arena_printf(&c->arena, "%s/runs/" STR_FMT, setting(set, SET_STATE), STR_ARG(id));
	p.journal = arena_printf(&c->arena, STR_FMT "/journal.jsonl", STR_ARG(p.dir));
	(void)report_read(&c->arena, p.journal.p, true, &p.s);
	if (run_is_live(p.dir.p) || !when(&p, &started) || started >= before)
		return 0;
	err = tombstone(c, set, &p);
	if (!err)
		err = file_remove_tree(p.dir.p);
	if (err) {
		cli_error(STR_FMT ": %s", STR_ARG(p.dir), strerror(err));
		return -1;
	}
	return 1;
}

int prune_runs(struct cli *c, const struct settings *set, const char *age)
{
	struct str *ids;
	uint32_t n;
	int64_t ns, removed = 0;
	int err, code = EXIT_OK;

	if (!unit_parse_duration(str_of(age), &ns) || ns < 0)
		return cli_usage(c, "--prune needs a duration such as 30d");
	err = run_list(&c->arena, setting(set, SET_STATE), &ids, &n);
	if (err) {
		cli_error("%s: %s", setting(set, SET_STATE), strerror(err));
		return EXIT_FAILED;
	}
	for (uint32_t i = 0; i < n; i++) {
		int r = prune_one(c, set, ids[i], clock_wall() - ns);

		removed += r > 0;
		if (r < 0)
			code = EXIT_FAILED;
	}
	cli_error("%lld runs removed; STATE/pruned.jsonl remembers them", (long long)removed);
	return code;
}
