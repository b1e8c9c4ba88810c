#include "cli/seal_text.h"

#include "base/arena.h"
#include "base/visible.h"
#include "journal/record.h"
#include "value/json.h"
#include "value/units.h"

/* seal_text: the summary at the end: outcome, cause, undone, what is left and
 * the commands for it, and what to type next. */

enum { ENDS_FAILED = 1, ENDS_UNDONE = 3 }; /* exit codes of exec */
static const struct { const char *status, *means; } meanings[] = {
	{ "ok", "done" },
	{ "stopped", "nothing to do" },
	{ "failed", "failed before anything changed" },
	{ "rolled_back", "failed, and everything was undone" },
	{ "rollback_incomplete", "failed, and NOT everything was undone: a person must act" },
	{ "in_doubt", "what happened last is not known: a person must look" },
	{ "held", "waits for a person; nothing was undone" },
	{ "cancelled", "cancelled; nothing of it remains" },
};

/* asked: nothing failed, a person wanted it undone. */
static const char *meaning(struct str status, bool asked)
{
	if (asked && str_eqz(status, "rolled_back"))
		return "everything was undone, as asked";
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (str_eqz(status, meanings[i].status))
			return meanings[i].means;
	return "";
}

static struct str member(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

static struct value json_of(struct arena *a, const struct record *r, const char *name)
{
	struct json_error je;
	struct value v;
	struct str raw = record_raw(r, name);

	return raw.n && json_parse(a, raw, &v, &je) ? v : value_null;
}

/* No step failed. */
static bool nothing_failed(struct arena *a, const struct record *r)
{
	struct value c = json_of(a, r, "cause");

	return c.kind == V_MAP && !member(c, "k").n;
}

static void put_cause(struct arena *a, const struct record *r, const struct seal_look *look, struct buf *out)
{
	struct value c = json_of(a, r, "cause");

	if (c.kind != V_MAP)
		return;
	buf_addz(out, "  cause     ");
	if (member(c, "k").n) {
		visible_add(out, member(c, "k"));
		if (look->name.n)
			buf_printf(out, " (" STR_FMT ")", STR_ARG(look->name));
		buf_addz(out, ": ");
	}
	visible_add(out, member(c, "text"));
	if (member(c, "at").n) {
		buf_addz(out, "  at ");
		visible_add(out, member(c, "at"));
	}
	buf_addc(out, '\n');
	if (look->said.n)
		buf_printf(out, "            said: " STR_FMT "\n", STR_ARG(look->said));
}

struct str seal_cause(struct arena *a, struct str line)
{
	struct record r;
	const char *why;
	struct value c;

	if (!record_parse(&r, line, &why))
		return STR("");
	c = json_of(a, &r, "cause");
	return c.kind == V_MAP ? member(c, "k") : STR("");
}

enum { LIST_SHOWN = 12 };

/* A list of keys on one line, after its title; count: the member that says how many
 * there were, if the list may be cut. */
static void put_list(struct arena *a, const struct record *r, const char *name, const char *count, const char *title,
		     struct buf *out)
{
	struct value v = json_of(a, r, name);
	int64_t all = count ? record_int(r, count, 0) : 0;

	if (v.kind != V_LIST || !v.n)
		return;
	buf_addz(out, title);
	for (uint32_t i = 0; i < v.n && i < LIST_SHOWN; i++) {
		if (i)
			buf_addz(out, ", ");
		if (v.list[i].kind == V_STRING)
			visible_add(out, value_text(v.list[i]));
	}
	if (all < v.n)
		all = v.n;
	if (all > LIST_SHOWN)
		buf_printf(out, " and %lld more", (long long)(all - LIST_SHOWN));
	buf_addc(out, '\n');
}

static void put_command(struct buf *out, struct str command)
{
	size_t at = 0;

	while (at <= command.n) { /* as it is typed: its lines stay lines */
		size_t end = at;

		while (end < command.n && command.p[end] != '\n')
			end++;
		buf_addz(out, at ? "" : "              ");
		visible_add(out, str_slice(command, at, end));
		buf_addc(out, '\n');
		at = end + 1;
	}
}

static void put_residue(struct arena *a, const struct record *r, struct buf *out)
{
	struct value v = json_of(a, r, "residue");

	for (uint32_t i = 0; v.kind == V_LIST && i < v.n; i++) {
		const struct value *commands = value_get(v.list[i], STR("commands"));

		buf_addz(out, "  LEFT      ");
		visible_add(out, member(v.list[i], "k"));
		buf_addz(out, ": ");
		visible_add(out, member(v.list[i], "why"));
		buf_addc(out, '\n');
		if (commands && commands->kind == V_LIST && commands->n) {
			buf_addz(out, "            to do by hand, in ");
			visible_add(out, member(v.list[i], "dir"));
			buf_addz(out, ":\n");
			for (uint32_t k = 0; k < commands->n; k++)
				put_command(out, value_text(commands->list[k]));
		}
	}
	if (v.kind == V_LIST && record_int(r, "residue_count", 0) > v.n)
		buf_printf(out, "  LEFT      and %lld more, see the journal\n", (long long)record_int(r, "residue_count", 0) - v.n);
}

void seal_status(struct str line, struct buf *out)
{
	struct record r;
	const char *why;
	struct arena a;

	if (!record_parse(&r, line, &why)) {
		buf_addz(out, "in_doubt");
		return;
	}
	arena_init(&a);
	buf_adds(out, str_eqz(r.t, "held") ? STR("held") : str_eqz(r.t, "doubt") ? STR("in_doubt") : record_text(&r, &a, "status"));
	arena_release(&a);
}

static void put_counts(const struct record *r, struct buf *out)
{
	buf_printf(out, "  steps     %d would run, %d skipped, %d decided at run time\n", (int)record_int(r, "would_run", 0),
		   (int)record_int(r, "skipped", 0), (int)record_int(r, "unknown", 0));
}

/* The last of the steps in doubt; the others were shown as they came. */
static void put_doubt(struct arena *a, const struct record *r, struct str run_id, struct str hint, struct buf *out)
{
	buf_addz(out, "  in doubt  ");
	visible_add(out, r->k);
	buf_addz(out, ": ");
	visible_add(out, record_text(r, a, "why"));
	buf_printf(out, "\n  look at the target, then say what you found:\n              runbook resolve " STR_FMT STR_FMT " '", STR_ARG(run_id),
		   STR_ARG(hint));
	visible_add(out, r->k);
	buf_printf(out, "' --done|--not-done --why TEXT\n              runbook resume " STR_FMT STR_FMT "\n", STR_ARG(run_id), STR_ARG(hint));
}

/* How it goes on: by whoever sits at a terminal, or by a word from elsewhere. */
static void put_held(const struct record *r, struct str run_id, struct str hint, struct buf *out)
{
	buf_printf(out, "  go on     runbook resume " STR_FMT STR_FMT "   or undo it: runbook rollback " STR_FMT STR_FMT "\n", STR_ARG(run_id),
		   STR_ARG(hint), STR_ARG(run_id), STR_ARG(hint));
	if (!r->k.n)
		return;
	buf_printf(out, "  without a terminal, before that: runbook answer " STR_FMT STR_FMT " '", STR_ARG(run_id), STR_ARG(hint));
	visible_add(out, r->k);
	buf_addz(out, "' ANSWER --why TEXT\n");
}

void seal_text(struct str line, const struct seal_look *look, struct buf *out)
{
	struct record r;
	const char *why;
	struct arena a;
	struct str status;
	bool parsed = record_parse(&r, line, &why), held, doubt, asked;
	int code = look->exit_code;

	arena_init(&a);
	asked = parsed && look->asked && nothing_failed(&a, &r);
	if (look->past && asked && (code == ENDS_FAILED || code == ENDS_UNDONE))
		code = 0; /* so `rollback` has ended: it did what was wanted */
	held = parsed && str_eqz(r.t, "held");
	doubt = parsed && str_eqz(r.t, "doubt");
	status = !parsed || doubt ? STR("in_doubt") : held ? STR("held") : record_text(&r, &a, "status");
	buf_printf(out, "\n%s" STR_FMT "%s  %s", look->color ? (code ? "\x1b[1;31m" : "\x1b[1;32m") : "", STR_ARG(status),
		   look->color ? "\x1b[0m" : "", look->dry && !code ? "dry-run: nothing was changed" : meaning(status, asked));
	buf_printf(out, " (exit %d)", code);
	if (parsed && record_raw(&r, "took_us").n) {
		buf_addz(out, " in ");
		unit_show_duration(out, record_int(&r, "took_us", 0) * 1000);
	}
	buf_addc(out, '\n');
	if (parsed) {
		if (record_text(&r, &a, "stopped").n) {
			buf_addz(out, "  because   ");
			visible_add(out, record_text(&r, &a, "stopped"));
			buf_addc(out, '\n');
		}
		if (held) {
			buf_addz(out, "  waits     ");
			visible_add(out, r.k);
			buf_addz(out, ": ");
			visible_add(out, record_text(&r, &a, "why"));
			buf_addc(out, '\n');
		}
		if (doubt)
			put_doubt(&a, &r, look->run_id, look->hint, out);
		if (held)
			put_held(&r, look->run_id, look->hint, out);
		put_list(&a, &r, "continued", NULL, "  went on   past failures of ", out);
		put_cause(&a, &r, look, out);
		put_list(&a, &r, "undone", "undone_count", "  undone    ", out);
		put_residue(&a, &r, out);
		if (record_int(&r, "rollback_us", 0)) {
			buf_addz(out, "  rollback  took ");
			unit_show_duration(out, record_int(&r, "rollback_us", 0) * 1000);
			buf_addc(out, '\n');
		}
		if (look->dry) {
			put_list(&a, &r, "armed", "count", "  armed     ", out);
			put_counts(&r, out);
		}
	}
	if (look->files.n) {
		buf_printf(out, "  reports   " STR_FMT "%s", STR_ARG(look->files), look->dir.n ? "  in " : "");
		visible_add(out, look->dir);
		buf_addc(out, '\n');
	}
	buf_printf(out, "  look      runbook show " STR_FMT STR_FMT "   runbook logs " STR_FMT STR_FMT "\n", STR_ARG(look->run_id), STR_ARG(look->hint),
		   STR_ARG(look->run_id), STR_ARG(look->hint));
	arena_release(&a);
}
