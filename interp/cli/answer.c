#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/visible.h"
#include "cli/past.h"
#include "cli/questions.h"
#include "cli/settings.h"
#include "host/sign.h"
#include "journal/answers.h"
#include "journal/reader.h"
#include "journal/state.h"

/*
 * answer, approve: answer a question of a run from another terminal or account:
 * a file in the run's folder that its runner takes, or the next one that
 * resumes it. Who answers is the file's owner, or who signs it.
 */

extern char **environ;

static void list_open(const struct questions *q, struct str run)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < q->count; i++)
		if (q->list[i].open) {
			cli_error("  " STR_FMT "  " STR_FMT, STR_ARG(q->list[i].key), STR_ARG(q->list[i].what));
			n++;
		}
	if (!n)
		cli_error("run " STR_FMT " waits for no answer", STR_ARG(run));
}

static bool is_yes_no(struct str s)
{
	return str_eqz(s, "yes") || str_eqz(s, "no");
}

static bool digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* Puts the words of the command line into the answer. False after a message. */
static bool fill(const struct question_open *q, struct str words, struct answer *out)
{
	out->answer = words;
	if (str_eqz(q->what, "ask")) {
		const char *eq = memchr(words.p, '=', words.n);

		if (!eq) {
			cli_error("`" STR_FMT "` asks for values: answer name=value", STR_ARG(q->key));
			return false;
		}
		out->item = (struct str){ words.p, (size_t)(eq - words.p) };
		out->answer = str_slice(words, out->item.n + 1, words.n);
		return true;
	}
	if (str_eqz(q->what, "checklist")) {
		if (digits(words)) {
			out->item = words;
			out->answer = STR("yes");
			return true;
		}
		if (str_eqz(words, "no") || str_eqz(words, "later"))
			return true;
		cli_error("`" STR_FMT "` is a checklist: answer the number of an item that is done, no, or later", STR_ARG(q->key));
		return false;
	}
	if (str_eqz(q->what, "pause")) {
		for (uint32_t i = 0; i < q->choice_count; i++)
			if (str_eq(q->choices[i], words))
				return true;
		bool monitor = str_starts(q->key, STR("monitors/"));

		cli_error("`" STR_FMT "` is paused: answer %s, rollback or hold", STR_ARG(q->key),
			  monitor ? "continue" : "retry, skip (where it can be skipped)");
		return false;
	}
	if (is_yes_no(words))
		return true;
	cli_error("`" STR_FMT "` needs yes or no", STR_ARG(q->key));
	return false;
}

static struct str self(struct cli *c)
{
	struct passwd *pw = getpwuid(geteuid());

	return pw ? arena_str(&c->arena, pw->pw_name, strlen(pw->pw_name)) : arena_printf(&c->arena, "uid %u", (unsigned)geteuid());
}

/* What the run would refuse anyway is refused at once. */
static bool may_approve(const struct past *p, const struct question_open *q, struct str who, bool yes)
{
	for (uint32_t i = 0; i < q->who_count; i++)
		if (str_eq(q->who[i], who)) {
			if (!yes || !(str_eq(who, p->s.operator_name) || str_eq(who, p->s.user)))
				return true;
			cli_error(STR_FMT " operates run " STR_FMT " and cannot approve it", STR_ARG(who), STR_ARG(p->id));
			return false;
		}
	cli_error(STR_FMT " is not among those who may approve `" STR_FMT "`", STR_ARG(who), STR_ARG(q->key));
	return false;
}

static int write_new(const char *path, struct str bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644), err = 0;

	if (fd < 0)
		return errno;
	if (fchmod(fd, 0644) || file_write_all(fd, bytes.p, bytes.n) || fsync(fd))
		err = errno ? errno : EIO;
	close(fd);
	return err;
}

static bool sign(const char *key, const char *path)
{
	int err = sign_file(key, ANSWER_NAMESPACE, path, 0);

	if (err)
		cli_error("%s: ssh-keygen could not sign%s%s", key, err > 0 ? ": " : "", err > 0 ? strerror(err) : "");
	return !err;
}

/* The file appears under its name when all is there. */
static bool put(struct cli *c, const struct past *p, const char *key, struct answer *v)
{
	struct str text = answer_text(&c->arena, v), dir = arena_printf(&c->arena, STR_FMT "/answers", STR_ARG(p->dir));
	const char *temp, *sig_temp, *path, *sig;
	struct stat st, run;
	int err = 0;

	if (text.n > ANSWER_MAX) {
		cli_error("the answer is longer than 64 KiB");
		return false;
	}
	v->name = answer_name(&c->arena);
	temp = arena_printf(&c->arena, STR_FMT "/." STR_FMT, STR_ARG(dir), STR_ARG(v->name)).p;
	sig_temp = arena_printf(&c->arena, "%s.sig", temp).p;
	path = arena_printf(&c->arena, STR_FMT "/" STR_FMT, STR_ARG(dir), STR_ARG(v->name)).p;
	sig = arena_printf(&c->arena, STR_FMT "/" STR_FMT ".sig", STR_ARG(dir), STR_ARG(str_slice(v->name, 0, v->name.n - 5))).p;
	if (stat(dir.p, &st) && !stat(p->dir.p, &run)) /* its runner died before it made one */
		err = answers_make(p->dir.p, (run.st_mode & 070) != 0);
	if (!err)
		err = write_new(temp, text);
	if (!err && key && !sign(key, temp)) {
		(void)unlink(temp);
		return false;
	}
	if (!err && key && (chmod(sig_temp, 0644) || rename(sig_temp, sig)))
		err = errno;
	if (!err && rename(temp, path))
		err = errno;
	if (!err)
		return true;
	(void)unlink(temp);
	cli_error(STR_FMT ": %s", STR_ARG(dir), strerror(err));
	return false;
}

struct verdict { struct cli *c; struct str file, refused; bool found; };

static void look(void *arg, const struct record *r)
{
	struct verdict *v = arg;

	if (!record_raw(r, "file").n || !str_eq(record_text(r, &v->c->arena, "file"), v->file))
		return;
	v->found = true;
	v->refused = record_text(r, &v->c->arena, record_raw(r, "refused").n ? "refused" : "not_taken");
	v->refused = arena_str(&v->c->arena, v->refused.p, v->refused.n);
}

/* What the runner made of it. */
static int wait_for_verdict(struct cli *c, const struct past *p, struct str file)
{
	struct timespec pause = { 0, 50000000 };
	struct journal_scan scan;
	struct verdict v = { c, file, { 0 }, false };

	for (int i = 0; i < 300 && !v.found; i++) {
		nanosleep(&pause, NULL);
		journal_scan_file(p->journal.p, &scan, look, &v);
		if (!v.found && !run_is_live(p->dir.p))
			break;
	}
	if (!v.found) {
		cli_error("the answer lies in the run's folder; its runner has not taken it yet");
		return EXIT_FAILED;
	}
	if (v.refused.n) {
		cli_error("not taken: " STR_FMT, STR_ARG(v.refused));
		return EXIT_FAILED;
	}
	cli_out(STR("taken\n"));
	return EXIT_OK;
}

static void show_text(struct str text)
{
	struct buf b;

	buf_init(&b, 4 << 20);
	for (size_t at = 0; at < text.n;) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t end = nl ? (size_t)(nl - text.p) : text.n;

		buf_addz(&b, "  ");
		visible_add(&b, str_slice(text, at, end));
		buf_addc(&b, '\n');
		at = end + 1;
	}
	cli_err(buf_str(&b));
	buf_release(&b);
}

static int give(struct cli *c, struct str step, struct str words)
{
	const char *why = cli_arg(c, "why"), *key = cli_arg(c, "sign"), *as = cli_arg(c, "as");
	const struct question_open *q;
	struct answer v = { 0 };
	struct questions all;
	struct past p;
	uint32_t fits;
	int code = past_open_begun(c, c->args[0], &p);

	if (code)
		return code;
	questions_read(&c->arena, p.journal.p, &all);
	q = questions_find(&all, step, &fits);
	if (!q) {
		cli_error(fits ? "several steps that wait are named `" STR_FMT "`; give the whole key:" : "`" STR_FMT "` does not wait for an answer",
			  STR_ARG(step));
		list_open(&all, p.id);
		return EXIT_FAILED;
	}
	if ((key != NULL) != (as != NULL))
		return cli_usage(c, "--sign and --as belong together: --sign KEY --as NAME");
	v = (struct answer){ .run = p.s.run, .key = q->key, .subject = q->subject, .why = why ? str_of(why) : STR(""), .signer = as ? str_of(as) : STR("") };
	if (!fill(q, words, &v))
		return EXIT_USAGE;
	if (!v.why.n && !str_eqz(q->what, "ask") && !str_eqz(q->what, "checklist"))
		return cli_usage(c, "say why: --why TEXT");
	if (str_eqz(q->what, "approve")) {
		if (!may_approve(&p, q, as ? v.signer : self(c), str_eqz(v.answer, "yes")))
			return EXIT_FAILED;
		cli_error("%s:", str_eqz(v.answer, "yes") ? "this is approved" : "this is rejected");
		show_text(q->text);
	}
	if (!put(c, &p, key, &v))
		return EXIT_FAILED;
	if (p.live && !cli_has(c, "no-wait"))
		return wait_for_verdict(c, &p, v.name);
	if (!p.live)
		cli_error("run " STR_FMT " has no runner now: `runbook resume " STR_FMT "` takes the answer", STR_ARG(p.id), STR_ARG(p.id));
	return EXIT_OK;
}

static int answer_run(struct cli *c)
{
	if (c->arg_count != 3)
		return cli_usage(c, "answer needs a run, a step and an answer");
	return give(c, str_of(c->args[1]), str_of(c->args[2]));
}

static int approve_run(struct cli *c)
{
	if (c->arg_count != 2)
		return cli_usage(c, "approve needs a run and a step");
	return give(c, str_of(c->args[1]), cli_has(c, "reject") ? STR("no") : STR("yes"));
}

static const struct option_row answer_options[] = {
	{ "why", 0, "TEXT", "the reason, kept in the journal; of a checklist's item: a note" },
	{ "sign", 0, "KEY", "sign with this ssh key (ssh-keygen -Y sign)" },
	{ "as", 0, "NAME", "the name that the site's signers file has for the key" },
	{ "no-wait", 0, NULL, "do not wait until the runner has taken it" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_answer = {
	.name = "answer",
	.usage = "answer RUN STEP ANSWER --why TEXT",
	.summary = "answer a question of a run from another terminal or account",
	.help = "ANSWER is yes or no (confirm, approve, window), retry, skip, rollback or hold (a paused step),\n"
		"the number of a checklist's item, or name=value (ask).\n\n"
		"  runbook answer @last deploy retry --why 'disk replaced'\n"
		"  runbook answer @last change ticket=CR-42\n\n"
		"A run without a runner takes the answer when it is resumed. Exit 0: taken (or left for a\n"
		"resume), 1: not taken.\n",
	.options = answer_options,
	.run = answer_run,
	.acts = true,
};

static const struct option_row approve_options[] = {
	{ "reject", 0, NULL, "say no: the step fails" },
	{ "why", 0, "TEXT", "the reason, kept in the journal" },
	{ "sign", 0, "KEY", "sign with this ssh key (ssh-keygen -Y sign)" },
	{ "as", 0, "NAME", "the name that the site's signers file has for the key" },
	{ "no-wait", 0, NULL, "do not wait until the runner has taken it" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_approve = {
	.name = "approve",
	.usage = "approve RUN STEP [--reject] --why TEXT",
	.summary = "approve (or reject) what a run waits for; shows what is approved",
	.help = "Short for `answer RUN STEP yes` (or no). Who approves is the account that runs this, or with\n"
		"--sign and --as the owner of an ssh key. The operator of the run does not count.\n\n"
		"  runbook approve 01m7ydxr plan/go --why 'reviewed CR-42'\n",
	.options = approve_options,
	.run = approve_run,
	.acts = true,
};
