#include "cli/past.h"

#include <errno.h>
#include <string.h>
#include "cli/settings.h"
#include "journal/state.h"

/* past: one past run. */

int past_find(struct cli *c, const char *what, struct past *p)
{
	struct settings set;
	struct str which = { 0 };
	int err;

	memset(p, 0, sizeof(*p));
	if (!settings_load(c, &set))
		return EXIT_USAGE;
	err = run_find(&c->arena, setting(&set, SET_STATE), str_of(what), &p->id, &p->dir, &which);
	if (err == ENOTUNIQ)
		cli_error("`%s` begins several run ids: " STR_FMT, what, STR_ARG(which));
	else if (err == ENOENT)
		cli_error("no run `%s` in %s; `runbook runs` lists them", what, setting(&set, SET_STATE));
	else if (err)
		cli_error("%s: %s", setting(&set, SET_STATE), strerror(err));
	if (err)
		return EXIT_FAILED;
	p->journal = arena_printf(&c->arena, STR_FMT "/journal.jsonl", STR_ARG(p->dir));
	return EXIT_OK;
}

int past_open(struct cli *c, const char *what, struct past *p)
{
	int code = past_find(c, what, p);

	if (code)
		return code;
	p->live = run_is_live(p->dir.p);
	if (!report_read(&c->arena, p->journal.p, true, &p->s)) {
		cli_error(STR_FMT ": %s", STR_ARG(p->journal), p->s.scan.why);
		return EXIT_DAMAGED;
	}
	if (p->s.scan.state == JOURNAL_CORRUPT) {
		cli_error("the journal of run " STR_FMT " is damaged: %s", STR_ARG(p->id), p->s.scan.why);
		return EXIT_DAMAGED;
	}
	return EXIT_OK;
}

struct str past_status(const struct past *p)
{
	if (p->s.scan.state == JOURNAL_CORRUPT || p->s.scan.state == JOURNAL_UNREADABLE)
		return STR("damaged");
	if (p->s.sealed)
		return p->s.status;
	if (p->live)
		return STR("running");
	return p->s.held ? STR("held") : STR("broken");
}
