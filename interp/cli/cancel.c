#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/jsonw.h"
#include "cli/past.h"
#include "cli/settings.h"
#include "host/clock.h"
#include "journal/reason.h"
#include "journal/state.h"
#include "value/units.h"

/*
 * cancel: asks the living runner of a run to settle and undo, and tells it who
 * asks and why. A run without a runner cannot be undone from here; with --why
 * its lock is freed.
 */

static int wait_for_end(struct cli *c, struct past *p)
{
	struct timespec pause = { 0, 100000000 };

	cli_error("run " STR_FMT " is told to stop; waiting until it has undone what it did", STR_ARG(p->id));
	while (run_is_live(p->dir.p))
		nanosleep(&pause, NULL);
	if (reason_withdraw(p->dir.p))
		cli_error("the run was ending already, or another cancel came at the same time: this one is not in its journal");
	if (!report_read(&c->arena, p->journal.p, true, &p->s)) {
		cli_error("%s", p->s.scan.why);
		return EXIT_DAMAGED;
	}
	p->live = false;
	cli_out(p->id);
	cli_out(STR(" "));
	cli_out(past_status(p));
	cli_out(STR("\n"));
	if (str_eqz(past_status(p), "rollback_incomplete") || str_eqz(past_status(p), "in_doubt") || str_eqz(past_status(p), "broken"))
		return EXIT_PERSON;
	return EXIT_OK;
}

/* --why as a text that the journal can take. False after a message. */
static bool given_reason(struct cli *c, struct str *why)
{
	const char *given = cli_arg(c, "why");

	*why = str_trim(str_of(given ? given : ""));
	if (given && (!why->n || !utf8_valid(*why) || why->n > REASON_WHY_MAX)) {
		cli_usage(c, "--why needs a reason as text, of at most 4 KiB");
		return false;
	}
	return true;
}

/* Who cancels, and why, for the runner to find. A run must be stopped even if that cannot be kept. */
static void leave_reason(const struct past *p, struct str by, struct str why)
{
	int err = utf8_valid(by) && by.n <= REASON_BY_MAX ? reason_leave(p->dir.p, &(struct reason){ by, why }) : EINVAL;

	if (err)
		cli_error("who cancels the run%s cannot be kept with it: %s", why.n ? ", and why," : "", file_error(err));
}

static int stop_runner(struct cli *c, struct past *p, struct str why)
{
	struct settings set;
	char self[256] = "";

	if (gethostname(self, sizeof(self) - 1) || !str_eqz(p->s.host, self)) {
		cli_error("run " STR_FMT " runs on " STR_FMT ": cancel it there", STR_ARG(p->id), STR_ARG(p->s.host));
		return EXIT_FAILED;
	}
	if (p->s.pid <= 1 || kill((pid_t)p->s.pid, 0)) {
		cli_error("the runner (process %lld) cannot be told: %s", (long long)p->s.pid, strerror(p->s.pid <= 1 ? ESRCH : errno));
		return EXIT_FAILED;
	}
	if (!settings_load(c, &set))
		return EXIT_USAGE;
	leave_reason(p, settings_operator(c, &set, settings_user(c)), why);
	if (kill((pid_t)p->s.pid, SIGTERM)) {
		int err = errno;

		(void)reason_withdraw(p->dir.p);
		cli_error("the runner (process %lld) cannot be told: %s", (long long)p->s.pid, strerror(err));
		return EXIT_FAILED;
	}
	return cli_has(c, "no-wait") ? EXIT_OK : wait_for_end(c, p);
}

/* Who freed the lock of a run that had no runner, and why: kept in its folder. */
static int remember(struct cli *c, const struct past *p, struct str why)
{
	struct str path = arena_printf(&c->arena, STR_FMT "/released", STR_ARG(p->dir));
	struct jsonw w;
	struct buf b, now;
	int fd, err = 0;

	buf_init(&b, 64 << 10);
	buf_init(&now, 64);
	unit_put_time(&now, clock_wall());
	jsonw_init(&w, &b);
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "at", buf_str(&now));
	jsonw_kint(&w, "uid", (int64_t)geteuid());
	jsonw_kstr(&w, "why", why);
	jsonw_close(&w, '}');
	buf_addc(&b, '\n');
	fd = open(path.p, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || file_write_all(fd, b.p, b.len) || fsync(fd))
		err = errno ? errno : EIO;
	if (fd >= 0)
		close(fd);
	buf_release(&b);
	buf_release(&now);
	return err;
}

static int release_lock(struct cli *c, struct past *p, struct str why)
{
	struct settings set;
	int err;

	if (!past_began(p)) {
		cli_error("run " STR_FMT ": nothing was written, its runner died before it did anything; its lock frees itself", STR_ARG(p->id));
		return EXIT_FAILED;
	}
	if (!p->s.lock.n && why.n) {
		cli_error("run " STR_FMT " holds no lock: there is nothing to free", STR_ARG(p->id));
		return EXIT_FAILED;
	}
	if (!why.n) {
		cli_error("run " STR_FMT " is %.*s and has no runner: undo it with `runbook rollback " STR_FMT "`, or go on with `runbook resume "
			  STR_FMT "`", STR_ARG(p->id), STR_ARG(past_status(p)), STR_ARG(p->id), STR_ARG(p->id));
		cli_error("to leave what it did as it is and only free its lock: runbook cancel " STR_FMT " --why TEXT", STR_ARG(p->id));
		return EXIT_PERSON;
	}
	if (!settings_load(c, &set))
		return EXIT_USAGE;
	err = remember(c, p, why);
	if (!err)
		err = lock_free(setting(&set, SET_LOCKS), p->s.lock, p->id);
	if (err) {
		cli_error("the lock `" STR_FMT "`: %s", STR_ARG(p->s.lock), err == ENOENT ? "nobody holds it" : err == EPERM ? "another run holds it" : strerror(err));
		return EXIT_FAILED;
	}
	cli_error("the lock `" STR_FMT "` is free; what the run left on its target stands", STR_ARG(p->s.lock));
	return EXIT_OK;
}

static int cancel_run(struct cli *c)
{
	struct past p;
	struct str why;
	int code;

	if (c->arg_count != 1)
		return cli_usage(c, "cancel needs a run");
	if (!given_reason(c, &why))
		return EXIT_USAGE;
	code = past_open(c, c->args[0], &p);
	if (code)
		return code;
	if (p.live)
		return stop_runner(c, &p, why);
	if (p.s.sealed) {
		cli_error("run " STR_FMT " has ended already: " STR_FMT, STR_ARG(p.id), STR_ARG(p.s.status));
		return EXIT_FAILED;
	}
	return release_lock(c, &p, why);
}

static const struct option_row options[] = {
	{ "no-wait", 0, NULL, "do not wait until the run has ended" },
	{ "why", 0, "TEXT", "the reason, kept in the journal; of a run that has no runner: free its lock" },
	{ "operator", 0, "NAME", "who acts, recorded as claimed" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_cancel = {
	.name = "cancel",
	.usage = "cancel RUN [--no-wait] [--why TEXT] [--operator NAME]",
	.summary = "stop a run; what it did is undone",
	.help = "The runner settles (running steps get TERM, then KILL), undoes and seals. Exit 0 when it\n"
		"has ended and nothing is left, 4 when a person must act.\n",
	.options = options,
	.run = cancel_run,
	.acts = true,
};
