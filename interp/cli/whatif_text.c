#include "cli/whatif.h"

#include "base/visible.h"
#include "journal/mask.h"
#include "value/value.h"

/* whatif_text: what would have been, for people. */

void whatif_put(const struct whatif_case *k, struct buf *out, struct str text)
{
	struct buf b;

	buf_init(&b, 16 << 20);
	mask_apply(k->mask, text, &b);
	visible_add(out, buf_str(&b));
	buf_release(&b);
}

/* Each line of text, after a margin. */
static void put_lines(const struct whatif_case *k, struct buf *out, const char *margin, struct str text)
{
	for (size_t at = 0; at < text.n;) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t end = nl ? (size_t)(nl - text.p) : text.n;

		buf_addz(out, margin);
		whatif_put(k, out, str_slice(text, at, end));
		buf_addc(out, '\n');
		at = end + 1;
	}
}

static const char *const ends[RUN_STATUSES] = {
	[RUN_RUNNING] = "still be running where the record ends", [RUN_OK] = "succeed", [RUN_STOPPED] = "stop: a guard says that there is nothing to do",
	[RUN_FAILED] = "fail before anything is changed", [RUN_ROLLED_BACK] = "fail and be undone",
	[RUN_INCOMPLETE] = "fail and not be undone completely", [RUN_IN_DOUBT] = "end in doubt", [RUN_HELD] = "be held for a person",
	[RUN_CANCELLED] = "be cancelled and undone",
};

static void put_time(struct buf *out, int64_t wall)
{
	struct buf b;

	buf_init(&b, 64);
	value_show(value_unit(V_TIME, wall / 1000000000 * 1000000000), &b);
	buf_printf(out, ", the unwinding beginning at " STR_FMT, STR_ARG(buf_str(&b)));
	buf_release(&b);
}

static void put_outcome(const struct whatif_case *k, const struct whatif_outcome *o, bool certain, struct buf *out)
{
	buf_printf(out, "  %s %s (%s)", certain ? "would" : "may", ends[o->status], run_status_names[o->status]);
	if (o->unwound_at)
		put_time(out, o->unwound_at);
	buf_addc(out, '\n');
	if (!certain && o->plain)
		buf_addz(out, "    if all that is not known goes well\n");
	if (o->assumed.n) {
		buf_addz(out, "    if\n");
		put_lines(k, out, "      ", o->assumed);
	}
	if (o->cause.n) {
		buf_addz(out, "    because ");
		whatif_put(k, out, o->cause_key);
		buf_addz(out, o->cause_key.n ? ": " : "");
		whatif_put(k, out, o->cause);
		buf_addc(out, '\n');
	}
	if (o->undone_count)
		buf_addz(out, "    would be undone\n");
	for (uint32_t i = 0; i < o->undone_count; i++) {
		buf_addz(out, "      ");
		whatif_put(k, out, o->undone[i].key);
		buf_addc(out, '\n');
		put_lines(k, out, "        ", o->undone[i].commands);
	}
	if (o->residue_count)
		buf_addz(out, "    would be left\n");
	for (uint32_t i = 0; i < o->residue_count; i++) {
		buf_addz(out, "      ");
		whatif_put(k, out, o->residue[i].key);
		buf_addz(out, ": ");
		whatif_put(k, out, o->residue[i].why);
		buf_addc(out, '\n');
	}
}

/* "INPUT-CHANGED     act/migrate  would run; was ok, may be ok or failed" */
static void put_step(const struct whatif_case *k, const struct whatif_step *s, struct buf *out)
{
	const char *cls = whatif_class_names[s->cls];

	buf_printf(out, "  %s", cls);
	buf_fill(out, ' ', 18 - strlen(cls));
	whatif_put(k, out, s->key);
	buf_printf(out, "  %s run; ", whatif_will_names[s->runs]);
	if (s->was_status)
		buf_printf(out, "was %s", s->was_status);
	else
		buf_addz(out, "did not run");
	if (s->status_count) {
		buf_printf(out, ", %s be %s", s->status_count == 1 && s->known ? "would" : "may", s->status[0]);
		for (uint32_t i = 1; i < s->status_count; i++)
			buf_printf(out, " or %s", s->status[i]);
	}
	if (s->at.n) {
		buf_addz(out, "  (");
		visible_add(out, s->at);
		buf_addc(out, ')');
	}
	buf_addc(out, '\n');
	put_lines(k, out, "      ", s->why);
	if (s->cls == WHATIF_ROLLBACK_CHANGED) {
		put_lines(k, out, "      - ", s->was_undo);
		put_lines(k, out, "      + ", s->undo);
	}
}

void whatif_text(const struct whatif_case *k, const struct whatif_source *src, struct buf *out)
{
	const struct whatif_result *r = k->res;
	const char *sep = "";
	uint32_t back = 0;

	buf_printf(out, "run " STR_FMT " against ", STR_ARG(k->b.run));
	visible_add(out, str_of(src->name));
	buf_printf(out, "\nrecorded: %s\npredicted:\n", whatif_was(k));
	if (r->refused.n) {
		buf_addz(out, "  would not start: ");
		whatif_put(k, out, r->refused);
		buf_addc(out, '\n');
		return;
	}
	for (uint32_t i = 0; i < r->outcome_count; i++)
		put_outcome(k, &r->outcomes[i], r->outcome_count == 1 && r->exhaustive, out);
	if (!r->exhaustive)
		buf_printf(out, "  may end otherwise, too: %u ways were tried, and there are more\n", r->drives);
	buf_addz(out, "steps: ");
	for (int i = 0; i < WHATIF_CLASSES; i++)
		if (r->classes[i]) {
			buf_printf(out, "%s%u %s", sep, r->classes[i], whatif_class_names[i]);
			sep = ", ";
		}
	buf_addc(out, '\n');
	for (uint32_t i = 0; i < r->step_count; i++)
		if (r->steps[i].cls == WHATIF_UNKNOWN && r->steps[i].back && !r->steps[i].usual)
			back++; /* said above: what would be undone if something failed */
		else if (r->steps[i].cls != WHATIF_SAME)
			put_step(k, &r->steps[i], out);
	if (back)
		buf_printf(out, "  UNKNOWN           %u steps of rollback blocks that the run did not come to, either\n", back);
}
