#include "cli/ui_state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/visible.h"
#include "cli/command.h"
#include "cli/seal_text.h"
#include "host/clock.h"
#include "host/tty.h"
#include "value/json.h"
#include "value/units.h"

/*
 * ui_text: a run as lines for people, on standard error: one line per event;
 * on a terminal, below them, a live line for each running step.
 */

const char *ui_color(const struct ui *u, const char *sgr)
{
	return u->o.color ? sgr : "";
}

static void flush_line(struct ui *u)
{
	buf_addc(&u->line, '\n');
	ui_erase_live(u);
	ui_write(u, u->o.past ? STDOUT_FILENO : STDERR_FILENO, buf_str(&u->line));
	ui_draw_live(u);
}

/* --- lines ------------------------------------------------------------------------ */

/* "  ok          act/drain" with colour by status. */
static void begin_line(struct ui *u, const char *sgr, struct str word, struct str key)
{
	buf_clear(&u->line);
	buf_addz(&u->line, "  ");
	buf_addz(&u->line, ui_color(u, sgr));
	buf_adds(&u->line, word);
	buf_addz(&u->line, ui_color(u, "\x1b[0m"));
	buf_fill(&u->line, ' ', word.n < 12 ? 12 - word.n : 1);
	visible_add(&u->line, key);
}

static void pad_to(struct ui *u, struct str key, size_t width)
{
	size_t w = visible_width(key);

	buf_fill(&u->line, ' ', w < width ? width - w : 2);
}

static const char *status_color(struct str s)
{
	if (str_eqz(s, "ok") || str_eqz(s, "unchanged") || str_eqz(s, "undone"))
		return "\x1b[32m";
	if (str_eqz(s, "failed") || str_eqz(s, "timeout") || str_eqz(s, "undo_failed"))
		return "\x1b[31m";
	return "\x1b[33m";
}

/* --- records -------------------------------------------------------------------- */

static void heading(struct ui *u, struct str text, const char *sgr)
{
	buf_clear(&u->line);
	buf_addz(&u->line, ui_color(u, sgr));
	for (size_t i = 0; i < text.n; i++)
		buf_addc(&u->line, text.p[i] >= 'a' && text.p[i] <= 'z' ? (char)(text.p[i] - 32) : text.p[i]);
	buf_addz(&u->line, ui_color(u, "\x1b[0m"));
	flush_line(u);
}

static struct str member(const struct value *map, const char *name)
{
	const struct value *v = map && map->kind == V_MAP ? value_get(*map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

/* Which commit runs: of the file's version, or what the file is compared with. */
static void put_source(struct ui *u, const struct record *r)
{
	struct value source;
	const struct value *dirty;
	struct json_error je;
	struct str commit, name, signer;

	if (!json_parse_members(&u->arena, record_raw(r, "source"), 1, &source, &je) || source.kind != V_MAP)
		return;
	commit = member(&source, "commit");
	name = member(&source, "tag");
	signer = member(value_get(source, STR("signature")), "signer");
	dirty = value_get(source, STR("dirty"));
	if (!commit.n)
		return;
	buf_printf(&u->line, "\ncommit " STR_FMT, STR_ARG(commit));
	if (!name.n)
		name = member(&source, "branch");
	if (name.n) {
		buf_addz(&u->line, " (");
		visible_add(&u->line, name);
		buf_addc(&u->line, ')');
	}
	if (signer.n) {
		buf_addz(&u->line, ", signed by ");
		visible_add(&u->line, signer);
	}
	if (dirty && dirty->kind == V_BOOL && dirty->b)
		buf_addz(&u->line, ", with changes that are not committed");
}

static void on_open(struct ui *u, const struct record *r)
{
	struct str version = record_text(r, &u->arena, "runbook_version");

	buf_clear(&u->line);
	buf_printf(&u->line, "%s", u->dry ? "dry-run of " : record_raw(r, "rollback_of").n ? "rollback of a run of " : "run of ");
	buf_adds(&u->line, record_text(r, &u->arena, "runbook"));
	if (version.n)
		buf_printf(&u->line, " " STR_FMT, STR_ARG(version));
	buf_printf(&u->line, " (" STR_FMT ", sha256 " STR_FMT ") by ", STR_ARG(record_text(r, &u->arena, "path")),
		   STR_ARG(str_slice(record_text(r, &u->arena, "program"), 0, 12)));
	visible_add(&u->line, record_text(r, &u->arena, "operator"));
	put_source(u, r);
	buf_printf(&u->line, "\nrun " STR_FMT, STR_ARG(record_text(r, &u->arena, "run")));
	flush_line(u);
}

static void put_saw(struct ui *u, struct value item)
{
	const struct value *saw = value_get(item, STR("saw"));

	for (uint32_t i = 0; saw && saw->kind == V_MAP && i < saw->n; i++) {
		struct buf t;

		buf_init(&t, 200);
		value_show(saw->map[i].value, &t);
		buf_printf(&u->line, "%s" STR_FMT " = ", i ? ", " : "  saw ", STR_ARG(saw->map[i].key));
		visible_add(&u->line, str_slice(buf_str(&t), 0, 100));
		buf_release(&t);
	}
}

/* Guards that did not simply hold, with the values they saw. */
static void on_guard(struct ui *u, const struct record *r)
{
	struct str result = record_text(r, &u->arena, "result");
	struct json_error je;
	struct value items;

	if (str_eqz(result, "pass") || !json_parse_members(&u->arena, record_raw(r, "items"), 3, &items, &je) || items.kind != V_LIST)
		return;
	for (uint32_t i = 0; i < items.n; i++) {
		const struct value *ok = value_get(items.list[i], STR("ok")), *that = value_get(items.list[i], STR("that")),
				   *say = value_get(items.list[i], STR("say")), *error = value_get(items.list[i], STR("error"));

		if (!ok || !that || (ok->kind == V_BOOL && ok->b))
			continue;
		begin_line(u, "\x1b[33m", ok->kind == V_BOOL ? STR("guard") : error ? STR("guard") : STR("at run time"), r->k);
		pad_to(u, r->k, 28);
		if (say && say->kind == V_STRING) {
			visible_add(&u->line, value_text(*say));
			buf_addz(&u->line, "  ");
		}
		buf_addz(&u->line, ok->kind == V_BOOL ? "false: " : error ? "error: " : "decided then: ");
		visible_add(&u->line, str_slice(error ? value_text(*error) : value_text(*that), 0, 300));
		put_saw(u, items.list[i]);
		flush_line(u);
	}
}

static void put_detail(struct ui *u, struct str text)
{
	buf_clear(&u->line);
	buf_fill(&u->line, ' ', 14);
	visible_add(&u->line, str_slice(text, 0, 1500));
	flush_line(u);
}

static bool quiet_outcome(const struct record *r, struct str status)
{
	/* a guard or capture that held is not worth a line; a loop's iterations were shown */
	(void)r;
	return str_eqz(status, "ok") && record_raw(r, "of").n > 0;
}

/* dry-run: a step did not run, or not all of a block or module did; NULL: neither. */
static const char *not_really(const struct ui *u, const struct record *r, struct str status)
{
	if (!record_bool(r, "dry"))
		return NULL;
	if (str_eqz(status, "ok"))
		return u->ended_maybe ? "may run" : "would run";
	return str_eqz(status, "not_run") ? "not run" : NULL;
}

static void on_outcome(struct ui *u, const struct record *r, const char *what)
{
	struct str status = record_text(r, &u->arena, "status"), error = record_text(r, &u->arena, "error");
	const char *word = not_really(u, r, status);

	if (quiet_outcome(r, status) || (u->ended_would && word))
		return;
	begin_line(u, word ? "\x1b[36m" : status_color(status), word ? str_of(word) : status, r->k);
	pad_to(u, r->k, 28);
	if (what[0])
		buf_addz(&u->line, what);
	else if (record_text(r, &u->arena, "name").n)
		visible_add(&u->line, record_text(r, &u->arena, "name"));
	else if (record_int(r, "of", 0))
		buf_printf(&u->line, "%d of a foreach", (int)record_int(r, "of", 0));
	if (!record_bool(r, "dry") && record_int(r, "took_us", 0) >= 1000) {
		buf_addz(&u->line, "  ");
		buf_addz(&u->line, ui_color(u, "\x1b[2m"));
		ui_took(&u->line, record_int(r, "took_us", 0));
		buf_addz(&u->line, ui_color(u, "\x1b[0m"));
	}
	if (record_int(r, "attempts", 0) > 1)
		buf_printf(&u->line, "  after %d attempts", (int)record_int(r, "attempts", 0));
	flush_line(u);
	if (error.n) {
		struct str at = record_text(r, &u->arena, "at");

		put_detail(u, at.n ? arena_printf(&u->arena, STR_FMT "  at " STR_FMT, STR_ARG(error), STR_ARG(at)) : error);
	}
}

static void on_comp(struct ui *u, const struct record *r)
{
	struct str status = record_text(r, &u->arena, "status");
	struct str word = str_eqz(status, "undone") ? status : str_eqz(status, "undo_failed") ? STR("undo failed") : STR("LEFT");

	begin_line(u, status_color(status), word, r->k);
	if (record_text(r, &u->arena, "why").n) {
		pad_to(u, r->k, 28);
		visible_add(&u->line, record_text(r, &u->arena, "why"));
	}
	flush_line(u);
}

/* Somebody took the run over. */
static void on_epoch(struct ui *u, const struct record *r)
{
	heading(u, record_bool(r, "rollback") ? STR("taken over, to undo it") : STR("taken over"), "\x1b[1m");
	put_detail(u, arena_printf(&u->arena, "by " STR_FMT " on " STR_FMT, STR_ARG(record_text(r, &u->arena, "operator")),
				   STR_ARG(record_text(r, &u->arena, "host"))));
}

static void on_doubt(struct ui *u, const struct record *r, const char *word, const char *member)
{
	begin_line(u, "\x1b[1;31m", str_of(word), r->k);
	pad_to(u, r->k, 28);
	visible_add(&u->line, record_text(r, &u->arena, member));
	flush_line(u);
}

static void on_note(struct ui *u, const struct record *r, const char *word)
{
	begin_line(u, "\x1b[33m", str_of(word), r->k);
	pad_to(u, r->k, 28);
	visible_add(&u->line, str_slice(record_text(r, &u->arena, "text"), 0, 600));
	flush_line(u);
}

static void on_plan(struct ui *u, const struct record *r)
{
	heading(u, u->dry ? STR("rollback (would be)") : STR("rollback"), "\x1b[1;31m");
	put_detail(u, arena_printf(&u->arena, "because: " STR_FMT, STR_ARG(record_text(r, &u->arena, "cause"))));
}

enum { WOULD_LINES = 12 };

/* The lines of a text, each behind a mark; long ones are cut. */
static void put_lines(struct ui *u, const char *mark, struct str text)
{
	int shown = 0;

	for (size_t at = 0; at < text.n && shown <= WOULD_LINES; shown++) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t end = nl ? (size_t)(nl - text.p) : text.n;

		if (shown == WOULD_LINES) {
			put_detail(u, STR("... (cut here)"));
			return;
		}
		buf_clear(&u->line);
		buf_fill(&u->line, ' ', 14);
		buf_addz(&u->line, ui_color(u, "\x1b[2m"));
		buf_addz(&u->line, !shown ? mark : *mark ? "  " : "");
		visible_add(&u->line, str_slice(text, at, end));
		buf_addz(&u->line, ui_color(u, "\x1b[0m"));
		flush_line(u);
		at = end + 1;
	}
}

/* dry-run: what a step would do, and what would undo it. */
static void on_would(struct ui *u, const struct record *r)
{
	struct json_error je;
	struct value undo;

	begin_line(u, "\x1b[36m", record_bool(r, "unknown") ? STR("may") : STR("would"), r->k);
	pad_to(u, r->k, 28);
	buf_adds(&u->line, ui_describe(u, r, SIZE_MAX));
	flush_line(u);
	put_lines(u, "", record_text(r, &u->arena, "preview"));
	put_lines(u, "$ ", record_text(r, &u->arena, "command"));
	put_lines(u, "", record_text(r, &u->arena, "sends"));
	put_lines(u, "irreversible: ", record_text(r, &u->arena, "irreversible"));
	if (!record_raw(r, "undo").n || !json_parse(&u->arena, record_raw(r, "undo"), &undo, &je) || undo.kind != V_LIST)
		return;
	if (!undo.n)
		put_lines(u, "", STR("nothing needs undoing"));
	for (uint32_t i = 0; i < undo.n; i++)
		put_lines(u, "undo: ", value_text(undo.list[i]));
}

static void put_items(struct ui *u, const struct record *r)
{
	struct json_error je;
	struct value v;

	if (!record_raw(r, "items").n || !json_parse(&u->arena, record_raw(r, "items"), &v, &je) || v.kind != V_LIST)
		return;
	for (uint32_t i = 0; i < v.n; i++)
		if (v.list[i].kind == V_STRING)
			put_lines(u, "", value_text(v.list[i]));
}

/* What a run waits for: in a dry-run what it would ask, else where no terminal asks. */
static void on_question(struct ui *u, const struct record *r)
{
	struct str what = record_text(r, &u->arena, "what");
	bool approve = str_eqz(what, "approve"), list = str_eqz(what, "checklist"), confirm = str_eqz(what, "confirm");
	bool here = u->interactive && !u->o.past; /* the terminal asks */

	if (u->dry) {
		struct ui_running *run = ui_running_find(u, r->k);

		if (run)
			run->would = true;
		begin_line(u, "\x1b[36m", run && run->maybe ? STR("may ask") : STR("would ask"), r->k);
		pad_to(u, r->k, 28);
		buf_adds(&u->line, what);
		flush_line(u);
		put_lines(u, "", record_text(r, &u->arena, "text"));
		if (str_eqz(what, "ask"))
			put_items(u, r);
		return;
	}
	u->item[0] = 0;
	if (record_raw(r, "item").n) { /* of which its answer will be */
		int n = snprintf(u->item, sizeof(u->item), STR_FMT " " STR_FMT, STR_ARG(r->k), STR_ARG(record_text(r, &u->arena, "item")));

		if (n < 0 || (size_t)n >= sizeof(u->item))
			u->item[0] = 0;
	}
	if (record_bool(r, "again") || !(approve || list || confirm || (str_eqz(what, "ask") && here)))
		return;
	begin_line(u, "\x1b[33m", approve || (list && !here) ? STR("waiting") : STR("asks"), r->k);
	pad_to(u, r->k, 28);
	if (approve || (list && !here))
		ui_answer_command(u, r, &u->line);
	else
		buf_adds(&u->line, what);
	flush_line(u);
	if (approve || list || !here) /* the others are asked in these words right now */
		put_lines(u, "", record_text(r, &u->arena, "text"));
	else if (confirm && ui_running_find(u, r->k))
		buf_adds(&ui_running_find(u, r->k)->question, record_text(r, &u->arena, "text"));
}

static void on_answer(struct ui *u, const struct record *r)
{
	struct str refused = record_text(r, &u->arena, record_raw(r, "refused").n ? "refused" : "not_taken");
	bool none = record_raw(r, "end").n && !str_eqz(record_text(r, &u->arena, "end"), "answer");

	if (none || (u->interactive && !u->o.past && str_eqz(record_text(r, &u->arena, "how"), "terminal")))
		return; /* who typed it has seen it, and is told at the prompt what was wrong */
	begin_line(u, refused.n ? "\x1b[31m" : "\x1b[32m", refused.n ? STR("not taken") : STR("answer"), r->k);
	pad_to(u, r->k, 28);
	if (record_raw(r, "item").n) {
		visible_add(&u->line, record_text(r, &u->arena, "item"));
		buf_addz(&u->line, " = ");
	} else if (str_starts(str_of(u->item), r->k) && u->item[r->k.n] == ' ') {
		visible_add(&u->line, str_of(u->item + r->k.n + 1));
		buf_addz(&u->line, " = ");
	}
	if (str_trim(record_text(r, &u->arena, "answer")).n)
		visible_add(&u->line, str_slice(record_text(r, &u->arena, "answer"), 0, 200));
	else
		buf_addz(&u->line, "(nothing typed)");
	buf_addz(&u->line, " by ");
	visible_add(&u->line, record_text(r, &u->arena, "by"));
	if (record_raw(r, "why").n) {
		buf_addz(&u->line, ": ");
		visible_add(&u->line, str_slice(record_text(r, &u->arena, "why"), 0, 300));
	}
	flush_line(u);
	if (refused.n)
		put_detail(u, refused);
}

static void on_attempt(struct ui *u, const struct record *r)
{
	/* only attempts that others follow are worth a line of their own, and answers */
	if (record_int(r, "a", 1) > 1) {
		begin_line(u, "\x1b[33m", STR("attempt"), r->k);
		pad_to(u, r->k, 28);
		buf_printf(&u->line, "number %d", (int)record_int(r, "a", 1));
		flush_line(u);
	}
	if (record_raw(r, "answer").n) {
		struct ui_running *run = ui_running_find(u, r->k);

		if (run && run->question.len && str_eqz(record_text(r, &u->arena, "how"), "preset"))
			put_lines(u, "", buf_str(&run->question));
		on_answer(u, r);
	}
}

static void put_does(struct ui *u, struct str does)
{
	if (str_eqz(does, "cancel"))
		buf_addz(&u->line, "  cancelling: what was done is undone");
	else if (str_eqz(does, "stop after this undo"))
		buf_addz(&u->line, "  stopping after the current undo: the rest is left");
	else if (str_eqz(does, "end this step"))
		buf_addz(&u->line, "  ending the step that runs");
	else
		buf_addz(&u->line, "  (the undoing goes on)");
}

static void put_canceller(struct ui *u, struct str by, struct str why)
{
	if (by.n)
		put_detail(u, arena_printf(&u->arena, "by " STR_FMT "%s" STR_FMT, STR_ARG(by), why.n ? ": " : "", STR_ARG(why)));
}

/* What changed for a monitor; one line, and none for a sample that says the same again. */
static void on_monitor(struct ui *u, const struct record *r)
{
	const char *word;
	struct buf say;

	buf_init(&say, 8192);
	word = ui_monitor_record(u, r, &say);
	if (word) {
		begin_line(u, !strcmp(word, "firing") || !strcmp(word, "still fires") ? "\x1b[31m" : !strcmp(word, "no data") ? "\x1b[33m" : "\x1b[32m",
			   str_of(word), r->k);
		pad_to(u, r->k, 28);
		buf_adds(&u->line, buf_str(&say));
		flush_line(u);
	}
	buf_release(&say);
}

void ui_text_record(struct ui *u, const struct record *r, const char *what)
{
	on_monitor(u, r);
	if (str_eqz(r->t, "run.open")) {
		on_open(u, r);
	} else if (str_eqz(r->t, "phase.open")) {
		heading(u, r->k, "\x1b[1m");
	} else if (str_eqz(r->t, "guard")) {
		on_guard(u, r);
	} else if (str_eqz(r->t, "step.intent") && u->dry && ui_would(r)) {
		on_would(u, r);
	} else if (str_eqz(r->t, "step.attempt")) {
		on_attempt(u, r);
	} else if (str_eqz(r->t, "step.outcome")) {
		on_outcome(u, r, what);
	} else if (str_eqz(r->t, "issue") && str_eqz(record_text(r, &u->arena, "severity"), "warning")) {
		if (!ui_monitor_told(u, r))
			on_note(u, r, "warning");
	} else if (str_eqz(r->t, "question")) {
		on_question(u, r);
	} else if (str_eqz(r->t, "answer") || str_eqz(r->t, "approval")) {
		on_answer(u, r);
	} else if (str_eqz(r->t, "note")) {
		on_note(u, r, "note");
	} else if (str_eqz(r->t, "signal")) {
		begin_line(u, "\x1b[33m", STR("signal"), record_text(r, &u->arena, "name"));
		put_does(u, record_text(r, &u->arena, "does"));
		flush_line(u);
		put_canceller(u, record_text(r, &u->arena, "by"), record_text(r, &u->arena, "why"));
	} else if (str_eqz(r->t, "epoch.open")) {
		on_epoch(u, r);
	} else if (str_eqz(r->t, "doubt")) {
		on_doubt(u, r, "IN DOUBT", "why");
	} else if (str_eqz(r->t, "resolve")) {
		on_doubt(u, r, record_bool(r, "done") ? "was done" : "not done", "why");
	} else if (str_eqz(r->t, "comp.plan")) {
		u->unwinding = true;
		on_plan(u, r);
	} else if (str_eqz(r->t, "comp.outcome")) {
		on_comp(u, r);
	}
}

/* --- output of children ----------------------------------------------------------- */

void ui_text_output(struct ui *u, struct ui_running *run, int stream, struct str line)
{
	(void)stream;
	if (!run->announced && !u->o.terminal) {
		run->announced = true;
		begin_line(u, "", STR("run"), str_of(run->key));
		pad_to(u, str_of(run->key), 28);
		buf_addz(&u->line, run->what);
		flush_line(u);
	}
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	buf_clear(&u->line);
	buf_fill(&u->line, ' ', 4);
	buf_addz(&u->line, ui_color(u, "\x1b[2m"));
	buf_addz(&u->line, run->key);
	buf_addz(&u->line, " | ");
	buf_addz(&u->line, ui_color(u, "\x1b[0m"));
	visible_add(&u->line, line);
	size_t n = line.n < sizeof(run->last) / 4 ? line.n : sizeof(run->last) / 4;
	struct buf safe;

	buf_init(&safe, sizeof(run->last) - 1);
	visible_add(&safe, str_slice(line, 0, n));
	memcpy(run->last, safe.p ? safe.p : "", safe.len);
	run->last[safe.len] = 0;
	buf_release(&safe);
	flush_line(u);
}

/* --- from time to time and at the end ------------------------------------------------- */

void ui_text_tick(struct ui *u)
{
	int64_t now = ui_now(u);

	if (u->o.terminal) {
		if (now - u->drawn_at < 100000)
			return;
		u->drawn_at = now;
		ui_erase_live(u);
		ui_draw_live(u);
		return;
	}
	if (now - u->beat_at < 30000000)
		return;
	u->beat_at = now;
	for (int i = 0; i < UI_RUNNING; i++) {
		const struct ui_running *run = &u->running[i];

		if (!run->used || now - run->since < 10000000)
			continue;
		begin_line(u, "", STR("running"), str_of(run->key));
		pad_to(u, str_of(run->key), 28);
		buf_addz(&u->line, "for ");
		ui_took(&u->line, now - run->since);
		flush_line(u);
	}
}

void ui_text_end(struct ui *u, struct str run_id, int exit_code, struct str dir)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	ui_summary(u, run_id, exit_code, dir, u->o.color, &b);
	if (u->o.past) {
		cli_out(buf_str(&b));
		buf_release(&b);
		return;
	}
	cli_err(buf_str(&b));
	buf_clear(&b);
	buf_printf(&b, STR_FMT " ", STR_ARG(run_id));
	seal_status(buf_str(&u->last_seal), &b);
	buf_addc(&b, '\n');
	cli_out(buf_str(&b));
	buf_release(&b);
}
