#include "cli/past.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cli/unpack.h"
#include "cli/settings.h"
#include "host/proc.h"
#include "journal/state.h"

/* past: one past run. */

enum { PATIENCE = 200 /* times 10 ms */ };

int past_find(struct cli *c, const char *what, struct past *p)
{
	struct settings set;
	struct str which = { 0 };
	int err;

	memset(p, 0, sizeof(*p));
	if (unpack_wanted(what)) {
		err = unpack_run(c, what, &p->id, &p->dir);
		if (!err)
			p->journal = arena_printf(&c->arena, STR_FMT "/journal.jsonl", STR_ARG(p->dir));
		return err;
	}
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

static bool gone(pid_t pid)
{
	struct proc proc;

	return !proc_read(pid, &proc) || proc.state == 'Z' || proc.state == 'X';
}

/* A child that was just being started when its runner was killed keeps the lock for a moment. */
static bool lives(const struct past *p)
{
	struct timespec pause = { 0, 10000000 };
	bool live = run_is_live(p->dir.p);

	for (int i = 0; live && i < PATIENCE && p->s.pid > 1 && gone((pid_t)p->s.pid); i++) {
		nanosleep(&pause, NULL);
		live = run_is_live(p->dir.p);
	}
	return live;
}

/* A folder as it is before the journal is made: no journal, and nothing that a runner stores behind it. */
static bool bare_folder(const struct past *p)
{
	static const char *const names[] = { "journal.jsonl", "report.run.json", "heads" };
	char path[PATH_MAX];
	const struct dirent *e;
	bool empty = true;
	DIR *blobs;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), STR_FMT "/%s", STR_ARG(p->dir), names[i]);
		if (!access(path, F_OK))
			return false;
	}
	(void)snprintf(path, sizeof(path), STR_FMT "/blobs/sha256", STR_ARG(p->dir));
	blobs = opendir(path);
	while (blobs && (e = readdir(blobs)))
		empty = empty && e->d_name[0] == '.';
	if (blobs)
		closedir(blobs);
	return empty;
}

bool past_began(const struct past *p)
{
	if (p->s.records || p->s.scan.state == JOURNAL_UNREADABLE)
		return p->s.records || !bare_folder(p);
	return p->s.scan.state != JOURNAL_TORN;
}

int past_open(struct cli *c, const char *what, struct past *p)
{
	int code = past_find(c, what, p);

	if (code)
		return code;
	if (!report_read(&c->arena, p->journal.p, true, &p->s)) {
		if (!past_began(p)) {
			cli_error("run " STR_FMT ": nothing was written, its runner died before it did anything", STR_ARG(p->id));
			return EXIT_FAILED;
		}
		cli_error("the journal of run " STR_FMT " cannot be read, so nobody knows what it did: " STR_FMT ": %s", STR_ARG(p->id),
			  STR_ARG(p->journal), p->s.scan.why);
		return EXIT_DAMAGED;
	}
	p->live = lives(p);
	if (p->s.scan.state == JOURNAL_CORRUPT) {
		cli_error("the journal of run " STR_FMT " is damaged: %s", STR_ARG(p->id), p->s.scan.why);
		return EXIT_DAMAGED;
	}
	return EXIT_OK;
}

int past_open_begun(struct cli *c, const char *what, struct past *p)
{
	int code = past_open(c, what, p);

	if (code || past_began(p))
		return code;
	cli_error("run " STR_FMT ": nothing %s", STR_ARG(p->id), p->live ? "is written yet: its runner has just begun"
		  : "was written, its runner died before it did anything");
	return EXIT_FAILED;
}

struct str past_status(const struct past *p)
{
	if (p->s.scan.state == JOURNAL_CORRUPT || (p->s.scan.state == JOURNAL_UNREADABLE && past_began(p)))
		return STR("damaged");
	if (p->s.sealed)
		return p->s.status;
	if (p->live)
		return STR("running");
	return p->s.in_doubt ? STR("in_doubt") : p->s.held ? STR("held") : STR("broken");
}
