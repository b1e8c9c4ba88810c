#include "run/live_world.h"

#include "host/clock.h"
#include "host/tty.h"

/*
 * live_question: asks one person at one terminal, one question at a time.
 * Answers given beforehand come first; without a person a question is left open.
 */

static void ask_next(struct live *l);

/* --- answers -------------------------------------------------------------------- */

static bool is_word(struct str s, const char *word, size_t least)
{
	size_t n = str_of(word).n;

	if (s.n < least || s.n > n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] | 0x20) != word[i])
			return false;
	return true;
}

/* "yes", "no", or empty: not understood. */
static struct str confirm_answer(struct str s)
{
	if (is_word(s, "y", 1) || is_word(s, "yes", 3))
		return STR("yes");
	if (!s.n || is_word(s, "n", 1) || is_word(s, "no", 2))
		return STR("no");
	return STR("");
}

/* The choice that begins with s, if it is the only one. */
static struct str choice_answer(const struct command *c, struct str s)
{
	struct str found = STR("");

	for (uint32_t i = 0; i < c->question.choice_count; i++) {
		struct str word = c->question.choices[i];

		if (!s.n || s.n > word.n || !is_word(s, word.p, 1))
			continue;
		if (found.n && s.n < word.n)
			return STR("");
		found = word;
	}
	return found;
}

/* Values and items are understood by the engine. */
struct str live_understood(const struct command *c, struct str s)
{
	switch (c->question.what) {
	case ASK_VALUE:
	case ASK_ITEM:
		return s.n ? s : STR(" ");
	case ASK_CONFIRM:
	case ASK_WINDOW:
		return confirm_answer(str_trim(s));
	case ASK_APPROVE:
		return str_eqz(s, "yes") || str_eqz(s, "no") ? s : STR("");
	default:
		return choice_answer(c, str_trim(s));
	}
}

static void answer(struct live_op *op, struct str text, struct str by, const char *how)
{
	buf_adds(&op->text, text);
	op->result.answer = buf_str(&op->text);
	op->result.by = by;
	op->result.how = str_of(how);
	live_question_end(op, END_ANSWER);
}

/* --- the terminal ----------------------------------------------------------------- */

/* What the choices of a pause do. */
static void explain(struct buf *b, const struct command *c)
{
	static const struct { const char *word, *does; } meaning[] = {
		{ "retry", "run the step again" }, { "skip", "go on without it; the failure is reported" },
		{ "continue", "go on" }, { "rollback", "undo what the run did" },
		{ "hold", "stop here and undo nothing; `runbook resume` goes on later" }, { "stop", "leave the rest as it is" },
	};

	buf_addc(b, '\n');
	for (uint32_t i = 0; i < c->question.choice_count; i++)
		for (size_t k = 0; k < sizeof(meaning) / sizeof(*meaning); k++)
			if (str_eqz(c->question.choices[i], meaning[k].word))
				buf_printf(b, "  %-9s %s\n", meaning[k].word, meaning[k].does);
}

static void make_prompt(struct live *l, struct live_op *op)
{
	const struct command *c = &op->c;
	bool again = op->asked, choose = c->question.what == ASK_PAUSE;
	struct buf *b = &l->prompt;

	buf_clear(b);
	op->asked = true;
	if (!again || !choose)
		buf_adds(b, c->question.text);
	if (c->question.what == ASK_VALUE)
		return; /* the engine's text ends as a prompt does */
	if (c->question.what == ASK_ITEM) {
		buf_addz(b, " [y and a note/n/later] ");
		return;
	}
	if (c->question.what == ASK_CONFIRM || c->question.what == ASK_WINDOW) {
		buf_addz(b, " [y/N] ");
		return;
	}
	if (!again)
		explain(b, c);
	for (uint32_t i = 0; i < c->question.choice_count; i++) {
		buf_addz(b, !i ? "[" : "/");
		buf_adds(b, c->question.choices[i]);
	}
	buf_addz(b, "] ");
}

static void said(struct live *l, bool open, struct str text)
{
	if (l->o.on_question)
		l->o.on_question(l->o.arg, open, text);
}

/* What was typed is no answer: which would be. */
static void say_what_fits(struct live *l, const struct live_op *op)
{
	const struct command *c = &op->c;
	struct buf b;

	buf_init(&b, 4096);
	buf_addz(&b, "that is no answer; type ");
	if (c->question.what != ASK_PAUSE)
		buf_addz(&b, "y or n");
	for (uint32_t i = 0; c->question.what == ASK_PAUSE && i < c->question.choice_count; i++)
		buf_printf(&b, "%s" STR_FMT, !i ? "" : i + 1 < c->question.choice_count ? ", " : " or ", STR_ARG(c->question.choices[i]));
	buf_addc(&b, '\n');
	said(l, false, buf_str(&b));
	buf_release(&b);
}

static void on_line(void *arg, bool ok, struct str line)
{
	struct live *l = arg;
	struct live_op *op = l->asking;
	struct str text = ok ? live_understood(&op->c, line) : STR("");

	l->line = NULL;
	said(l, false, ok ? STR("") : STR("\n")); /* nobody has ended its line */
	if (ok && !text.n)
		say_what_fits(l, op);
	if (!ok || text.n) {
		l->asking = NULL;
		op->at_terminal = false;
		if (ok)
			answer(op, text, l->o.operator_name, "terminal");
		else
			live_question_end(op, END_NO_PERSON);
	}
	ask_next(l); /* the same one again, if it was not understood */
}

static void ask_next(struct live *l)
{
	if (!l->asking && l->questions) {
		l->asking = l->questions;
		l->questions = l->asking->next;
		if (!l->questions)
			l->questions_end = &l->questions;
		l->asking->next = NULL;
	}
	if (!l->asking || l->line)
		return;
	make_prompt(l, l->asking);
	said(l, true, buf_str(&l->prompt));
	l->line = tty_ask(l->loop, false, on_line, l);
}

/* Takes the question away from the terminal. */
static void leave_terminal(struct live_op *op)
{
	struct live *l = op->l;

	op->at_terminal = false;
	if (l->asking == op) {
		tty_cancel(l->line);
		l->line = NULL;
		l->asking = NULL;
		said(l, false, STR("\n")); /* nobody has ended its line */
		return;
	}
	struct live_op **at = &l->questions;

	while (*at != op)
		at = &(*at)->next;
	*at = op->next;
	if (!*at)
		l->questions_end = at;
	op->next = NULL;
}

void live_question_end(struct live_op *op, enum result_end end)
{
	struct live *l = op->l;
	bool terminal = op->at_terminal;

	if (terminal)
		leave_terminal(op);
	live_answers_close(op);
	if (op->waiting)
		op->result.took = clock_boot() - op->result.took;
	op->waiting = false;
	live_done(op, end);
	if (terminal)
		ask_next(l);
}

/* Who can answer it besides files? */
static bool wants_terminal(const struct live *l, const struct command *c)
{
	return l->o.interactive && c->question.what != ASK_APPROVE;
}

void live_question(struct live_op *op)
{
	const struct command *c = &op->c;
	struct live *l = op->l;
	struct str text;

	if (c->question.preset.n) {
		text = live_understood(c, c->question.preset);
		op->result.why = c->question.preset_why;
		answer(op, text.n ? text : c->question.preset, c->question.preset_by.n ? c->question.preset_by : STR("-i"), "preset");
		return;
	}
	if (c->question.what == ASK_CONFIRM && l->o.yes) {
		answer(op, STR("yes"), STR("--yes"), "preset");
		return;
	}
	op->waiting = true;
	op->asked = false;
	op->result.took = clock_boot();
	live_answers_open(op); /* one may lie there already */
	if (!op->waiting)
		return;
	if (wants_terminal(l, c)) {
		op->at_terminal = true;
		*l->questions_end = op;
		l->questions_end = &op->next;
		ask_next(l);
	} else if (c->question.what != ASK_APPROVE && c->question.what != ASK_ITEM) {
		live_question_end(op, END_NO_PERSON);
	}
}

void live_question_stop(struct live_op *op)
{
	live_question_end(op, END_STOPPED);
}
