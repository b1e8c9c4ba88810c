#include "run/whatif_more.h"

#include "run/engine_state.h"

/* whatif_words: which class a step instance is of, and why, in words. */

const char *const whatif_class_names[WHATIF_CLASSES] = { "SAME", "MOVED", "INPUT-CHANGED", "NEW", "DROPPED", "GUARD-FLIP",
							 "ROLLBACK-CHANGED", "UNKNOWN" };
const char *const whatif_will_names[] = { "would not", "may", "would" };

/* The next line of text from *at on; false at its end. */
static bool next_line(struct str text, size_t *at, struct str *line)
{
	const char *nl;

	if (*at >= text.n)
		return false;
	nl = memchr(text.p + *at, '\n', text.n - *at);
	*line = str_slice(text, *at, nl ? (size_t)(nl - text.p) : text.n);
	*at += line->n + 1;
	return true;
}

static struct str name_of(struct str line)
{
	const char *tab = memchr(line.p, '\t', line.n);

	return str_slice(line, 0, tab ? (size_t)(tab - line.p) : line.n);
}

static struct str value_of(struct str line)
{
	return str_slice(line, name_of(line).n + 1, line.n);
}

static bool find_part(struct str parts, struct str name, struct str *value)
{
	struct str line;
	size_t at = 0;

	while (next_line(parts, &at, &line))
		if (str_eq(name_of(line), name)) {
			*value = value_of(line);
			return true;
		}
	return false;
}

/* What is not the same in two lists of NAME\tVALUE. */
static void put_parts(struct buf *out, struct str was, struct str is)
{
	struct str line, other;
	size_t at = 0;

	while (next_line(was, &at, &line))
		if (!find_part(is, name_of(line), &other))
			buf_printf(out, STR_FMT ": " STR_FMT " then, and would not be there\n", STR_ARG(name_of(line)), STR_ARG(value_of(line)));
		else if (!str_eq(other, value_of(line)))
			buf_printf(out, STR_FMT ": " STR_FMT " then, would be " STR_FMT "\n", STR_ARG(name_of(line)), STR_ARG(value_of(line)), STR_ARG(other));
	at = 0;
	while (next_line(is, &at, &line))
		if (!find_part(was, name_of(line), &other))
			buf_printf(out, STR_FMT ": would be " STR_FMT "\n", STR_ARG(name_of(line)), STR_ARG(value_of(line)));
}

/* --- conditions --------------------------------------------------------------------- */

static const char *const what_words[] = { [WEIGH_IF] = "if", [WEIGH_GUARD] = "guard", [WEIGH_EXPECT] = "expect", [WEIGH_RETRY] = "retry.if",
					  [WEIGH_ITEMS] = "foreach", [WEIGH_CAPTURE] = "capture", [WEIGH_RULE] = "when" };
static const char *result_words(int8_t result)
{
	return result > 0 ? "true" : result < 0 ? "an error" : "false";
}

static const struct trace_condition *same_condition(const struct trace_step *was, const struct trace_condition *is)
{
	const struct trace_condition *at = NULL;

	for (const struct trace_condition *c = was->conditions; c; c = c->next) {
		if (c->what != is->what || c->round != is->round)
			continue;
		if (str_eq(c->text, is->text))
			return c;
		if (c->index == is->index)
			at = c;
	}
	return at;
}

/* Conditions that are decided otherwise. True: there are some. */
static bool flipped(const struct trace_step *was, const struct trace_step *is, struct buf *why)
{
	bool any = false;

	for (const struct trace_condition *c = is->conditions; c; c = c->next) {
		const struct trace_condition *then = c->decided || c->result == 2 ? NULL : same_condition(was, c);

		if (!then || then->result == c->result)
			continue;
		any = true;
		buf_printf(why, "%s: `" STR_FMT "` was %s", what_words[c->what], STR_ARG(then->text), result_words(then->result));
		if (then->saw.n > 2)
			buf_printf(why, " with " STR_FMT, STR_ARG(then->saw));
		if (!str_eq(then->text, c->text))
			buf_printf(why, "; `" STR_FMT "`", STR_ARG(c->text));
		buf_printf(why, " would be %s", result_words(c->result));
		if (c->saw.n > 2 && !str_eq(c->saw, then->saw))
			buf_printf(why, " with " STR_FMT, STR_ARG(c->saw));
		buf_addc(why, '\n');
	}
	return any;
}

/* Did its conditions let it begin? */
enum gate_words { LET_IN, LEFT_OUT, REFUSED };

static int gate(const struct trace_step *s)
{
	if (s->status == S_SKIPPED && s->ended)
		return LEFT_OUT;
	return s->end && (str_eqz(str_of(s->end), "guard") || str_eqz(str_of(s->end), "if")) ? REFUSED : LET_IN;
}

static bool gated(const struct trace_step *was, const struct trace_step *is, struct buf *why)
{
	static const char *const words[] = { "ran", "was left out", "was refused by its guard" };
	static const char *const would[] = { "would run", "would be left out", "would be refused by its guard" };
	int a = gate(was), b = gate(is);

	if (a == b || was->loop)
		return false;
	buf_printf(why, "it %s, and %s\n", words[a], would[b]);
	return true;
}

static bool undecided(const struct trace_step *is, struct buf *why)
{
	bool any = false;

	for (const struct trace_condition *c = is->conditions; c; c = c->next)
		if (c->decided) {
			any = true;
			buf_printf(why, "%s: ", what_words[c->what]);
			if (c->text.n)
				buf_printf(why, "`" STR_FMT "` ", STR_ARG(c->text));
			buf_printf(why, "depends on something that is not known");
			if (c->saw.n > 2)
				buf_printf(why, ": " STR_FMT, STR_ARG(c->saw));
			buf_addc(why, '\n');
		}
	return any;
}

/* --- ops ------------------------------------------------------------------------------- */

static bool counts(const struct trace_op *o)
{
	return o->purpose == OP_FOR_ACTION || o->purpose == OP_FOR_PROBE || o->purpose == OP_FOR_PAUSE || o->purpose == OP_FOR_WINDOW ||
	       o->purpose == OP_FOR_SAMPLE || o->purpose == OP_FOR_HALT;
}

static void put_why(struct buf *why, const struct trace_op *o)
{
	if (o->purpose == OP_FOR_PROBE)
		buf_addz(why, "its probe: ");
	buf_adds(why, o->why);
	buf_addc(why, '\n');
}

/* What became of its commands: WHATIF_SAME, _INPUT_CHANGED or _UNKNOWN. */
static uint8_t ops_class(const struct trace_step *is, struct buf *why)
{
	for (const struct trace_op *o = is->ops; o; o = o->next) {
		const struct trace_op *then = o->was;

		if (!counts(o))
			continue;
		if (then && (o->source == NOT_SAME || (o->source != NOT_KNOWN && !str_eq(o->identity, then->identity)))) {
			if (o->purpose == OP_FOR_PROBE)
				buf_addz(why, "its probe: ");
			put_parts(why, then->identity, o->identity);
			return WHATIF_INPUT_CHANGED;
		}
		if (o->source >= NOT_REACHED) {
			put_why(why, o);
			return WHATIF_UNKNOWN;
		}
		if (o->why.n) {
			put_why(why, o);
			return WHATIF_INPUT_CHANGED;
		}
	}
	return WHATIF_SAME;
}

/* The same commands with the same results, of which something else is made. */
static bool outcome_changed(const struct trace_step *was, const struct trace_step *is, struct buf *why)
{
	if (was->loop || is->holds || !was->ended || !is->ended)
		return false;
	if (was->status != is->status) {
		buf_printf(why, "the same command ended %s, and would end %s", step_status_names[was->status], step_status_names[is->status]);
		if (is->error.n)
			buf_printf(why, ": " STR_FMT, STR_ARG(is->error));
		buf_addc(why, '\n');
		return true;
	}
	if (str_eq(was->captures, is->captures))
		return false;
	buf_addz(why, "it would capture something else: ");
	put_parts(why, was->captures, is->captures);
	return true;
}

uint8_t whatif_class_of(const struct trace_step *s, struct buf *why)
{
	const struct trace_step *was = s->was && s->was->began ? s->was : NULL;
	uint8_t cls;

	if (s->added) {
		buf_addz(why, "the runbook had no such step then\n");
		return WHATIF_NEW;
	}
	if (!was) {
		if (s->new_item) {
			buf_addz(why, "its loop had no such item then\n");
			return WHATIF_NEW;
		}
		if (!undecided(s, why))
			buf_addz(why, "the run did not come to it\n");
		return WHATIF_UNKNOWN;
	}
	if (undecided(s, why))
		return WHATIF_UNKNOWN;
	if (flipped(was, s, why) || gated(was, s, why))
		return WHATIF_GUARD_FLIP;
	cls = ops_class(s, why);
	if (cls != WHATIF_SAME)
		return cls;
	if (outcome_changed(was, s, why))
		return WHATIF_INPUT_CHANGED;
	if (s->undo_changed || (s->started && was->started && !str_eq(s->undo, was->undo) && str_find(s->undo, STR("(unknown: ")) < 0)) {
		buf_addz(why, "its rollback block is another one\n");
		return WHATIF_ROLLBACK_CHANGED;
	}
	if (s->moved) {
		buf_printf(why, "it was " STR_FMT "\n", STR_ARG(was->key));
		return WHATIF_MOVED;
	}
	return WHATIF_SAME;
}
