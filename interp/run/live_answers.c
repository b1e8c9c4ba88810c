#include "run/live_world.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "host/child.h"
#include "host/clock.h"
#include "host/dirwatch.h"
#include "journal/answers.h"

/*
 * live_answers: questions that a file may answer: looks into the run's folder
 * `answers` when something came there, and finds for each file the question
 * that it is for. A file that is for none is handed to one that is open, as
 * refused, so that the journal tells of it. Signed files are checked by
 * ssh-keygen first, one at a time.
 */

static const int64_t second = 1000000000;

static bool named_in(const struct str *list, uint32_t n, struct str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(list[i], name))
			return true;
	return false;
}

/* Had before: by this runner, or by one before it (the engine knows). */
static bool had(const struct live *l, struct str name)
{
	for (const struct live_op *op = l->open; op; op = op->next_open)
		if (named_in(op->c.question.taken, op->c.question.taken_count, name))
			return true;
	return named_in(l->seen, l->seen_count, name);
}

static void see(struct live *l, struct str name)
{
	MEM_ROOM(l->seen, l->seen_count, l->seen_cap, 16);
	l->seen[l->seen_count++] = arena_str(&l->answers, name.p, name.n);
}

static struct str account(struct live *l, int64_t uid)
{
	struct passwd *pw = uid >= 0 ? getpwuid((uid_t)uid) : NULL;

	return pw ? arena_str(&l->answers, pw->pw_name, strlen(pw->pw_name)) : arena_printf(&l->answers, "uid %lld", (long long)uid);
}

static void close_question(struct live_op *op)
{
	struct live_op **at = &op->l->open;

	while (*at && *at != op)
		at = &(*at)->next_open;
	if (*at)
		*at = op->next_open;
}

/* The file answers op; refused: why it does not. */
static void deliver(struct live_op *op, const struct answer *v, const char *how, struct str refused)
{
	struct live *l = op->l;
	struct result *r = &op->result;

	see(l, v->name);
	r->by = str_eqz(str_of(how), "ssh") ? v->signer : account(l, v->uid);
	r->how = str_of(how);
	r->uid = v->uid;
	r->ref = v->name;
	r->refused = refused;
	r->subject = v->subject;
	r->item = v->item;
	r->why = v->why;
	if (!refused.n)
		r->answer = live_understood(&op->c, v->answer);
	live_question_end(op, END_ANSWER);
}

static struct live_op *question_of(struct live *l, const struct answer *v)
{
	for (struct live_op *op = l->open; op; op = op->next_open)
		if (str_eq(op->c.key, v->key))
			return op;
	return NULL;
}

/* A file that says well what it is for: does it answer an open question? */
static void judge(struct live *l, const struct answer *v, const char *how)
{
	struct live_op *op = question_of(l, v);
	struct str why = STR("");

	if (!str_eq(v->run, l->o.run_id))
		why = STR("it is for another run");
	else if (!op)
		why = arena_printf(&l->answers, "`" STR_FMT "` does not wait for an answer", STR_ARG(v->key));
	else if (!str_eq(v->subject, op->c.question.subject))
		why = STR("it is for something else: the plan, the inputs or the text have changed, or the question is an earlier one");
	else if (!live_understood(&op->c, v->answer).n)
		why = arena_printf(&l->answers, "`" STR_FMT "` is none of the answers", STR_ARG(str_slice(v->answer, 0, 100)));
	deliver(op && str_eq(v->run, l->o.run_id) ? op : l->open, v, how, why);
}

/* --- signatures ------------------------------------------------------------------- */

struct live_signature {
	struct live *l;
	struct answer v;
	const char *argv[12];
};

static void on_verified(void *arg, const struct child_result *r)
{
	struct live_signature *s = arg;
	struct live *l = s->l;

	l->verifying = NULL;
	if (!l->open)
		return; /* looked at again with the next question */
	if (r->end == CHILD_EXITED && !r->code)
		judge(l, &s->v, "ssh");
	else if (r->end == CHILD_NOT_STARTED)
		deliver(l->open, &s->v, "file", STR("its signature cannot be checked: ssh-keygen is missing"));
	else
		deliver(l->open, &s->v, "file", arena_printf(&l->answers, "its signature by " STR_FMT " is not valid", STR_ARG(s->v.signer)));
	live_answers_look(l);
}

static void verify(struct live *l, const struct answer *v)
{
	struct live_signature *s = arena_alloc(&l->answers, sizeof(*s));
	struct child_spec spec = { .envp = l->o.base_env, .input = v->bytes.p, .input_len = v->bytes.n, .timeout = 10 * second,
				   .grace = second, .on_done = on_verified, .arg = s };
	int n = 0;

	*s = (struct live_signature){ .l = l, .v = *v };
	s->argv[n++] = "ssh-keygen";
	s->argv[n++] = "-Y";
	s->argv[n++] = "verify";
	s->argv[n++] = "-f";
	s->argv[n++] = l->o.signers;
	s->argv[n++] = "-I";
	s->argv[n++] = arena_str(&l->answers, v->signer.p, v->signer.n).p;
	s->argv[n++] = "-n";
	s->argv[n++] = ANSWER_NAMESPACE;
	s->argv[n++] = "-s";
	s->argv[n] = arena_printf(&l->answers, "%s/answers/" STR_FMT ".sig", l->o.run_dir, STR_ARG(str_slice(v->name, 0, v->name.n - 5))).p;
	spec.argv = s->argv;
	l->verifying = s;
	(void)child_start(l->loop, &spec);
}

/* --- the folder -------------------------------------------------------------------- */

static void on_name(void *arg, struct str name)
{
	struct live *l = arg;
	struct answer v;
	struct str why;

	if (!l->open || l->verifying || l->seen_count >= ANSWERS_MAX || had(l, name))
		return;
	if (!answer_read(&l->answers, l->o.run_dir, name, &v, &why)) {
		deliver(l->open, &v, "file", why);
	} else if (!v.signer.n) {
		judge(l, &v, "file");
	} else if (!l->o.signers || !*l->o.signers) {
		deliver(l->open, &v, "file", STR("it is signed, and the site's configuration names no signers"));
	} else if (v.signer.p[0] == '-') {
		deliver(l->open, &v, "file", STR("its signer is no name"));
	} else {
		verify(l, &v);
	}
}

void live_answers_look(void *arg)
{
	struct live *l = arg;

	if (l->open && !l->verifying)
		(void)answers_list(l->o.run_dir, on_name, l);
}

void live_answers_open(struct live_op *op)
{
	struct live *l = op->l;

	op->next_open = NULL;
	if (!op->c.question.remote || !l->o.run_dir)
		return;
	if (!l->watched) {
		l->watched = true;
		if (!answers_make(l->o.run_dir, l->o.shared))
			l->watch = dirwatch_new(l->loop, arena_printf(&l->answers, "%s/answers", l->o.run_dir).p, live_answers_look, l);
	}
	op->next_open = l->open;
	l->open = op;
	op->opened = true;
	live_answers_look(l);
}

void live_answers_close(struct live_op *op)
{
	if (op->opened)
		close_question(op);
	op->opened = false;
}
