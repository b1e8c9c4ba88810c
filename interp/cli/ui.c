#include "cli/ui.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/visible.h"
#include "cli/command.h"
#include "cli/ui_state.h"
#include "host/clock.h"
#include "host/tty.h"
#include "syntax/shell.h"

/* ui: takes records and output apart and gives them to the format in use. */

struct str ui_state_hint(struct cli *c)
{
	const char *state = cli_arg(c, "state");
	struct str hint = STR("");
	struct buf b;

	if (!state)
		return hint;
	buf_init(&b, 64 << 10);
	buf_addz(&b, " --state ");
	shell_quote(&b, str_of(state));
	hint = arena_str(&c->arena, b.p, b.len);
	buf_release(&b);
	return hint;
}

enum { RECORDS_MAX = 64 << 10 }; /* bytes of records that wait to be shown */

struct ui *ui_new(const struct ui_options *o)
{
	struct ui *u = mem_alloc(sizeof(*u));
	unsigned char raw[16];

	u->o = *o;
	arena_init(&u->arena);
	buf_init(&u->line, 1 << 20);
	buf_init(&u->words, 512);
	buf_init(&u->records, RECORDS_MAX + RECORD_LINE_MAX + 1);
	ui_out_init(u);
	buf_init(&u->last_seal, RECORD_LINE_MAX);
	buf_init(&u->failed, 16 << 10);
	buf_init(&u->files, 2 << 10);
	buf_init(&u->prompt, 64 << 10);
	u->boot_at_now = clock_boot();
	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		memset(raw, 7, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++) {
		u->token[2 * i] = "0123456789abcdef"[raw[i] >> 4];
		u->token[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
	}
	return u;
}

static void running_clear(struct ui_running *run)
{
	buf_release(&run->partial[0]);
	buf_release(&run->partial[1]);
	buf_release(&run->question);
	memset(run, 0, sizeof(*run));
}

void ui_free(struct ui *u)
{
	if (!u)
		return;
	ui_idle(u);
	for (int i = 0; i < UI_RUNNING; i++)
		if (u->running[i].used)
			running_clear(&u->running[i]);
	ui_monitors_free(u);
	buf_release(&u->records);
	ui_out_end(u);
	buf_release(&u->line);
	buf_release(&u->words);
	buf_release(&u->last_seal);
	buf_release(&u->failed);
	buf_release(&u->files);
	buf_release(&u->prompt);
	arena_release(&u->arena);
	mem_free(u);
}

int64_t ui_now(const struct ui *u)
{
	return u->now + (clock_boot() - u->boot_at_now) / 1000;
}

struct ui_running *ui_running_find(struct ui *u, struct str key)
{
	for (struct ui_running *run = u->running; run < u->running + u->running_end; run++)
		if (run->used && run->key_n == key.n && (!key.n || (run->key[key.n - 1] == key.p[key.n - 1] && !memcmp(run->key, key.p, key.n))))
			return run;
	return NULL;
}

/* A file in the run's folder; one elsewhere is no report. */
static void report_name(struct ui_running *run, struct str to)
{
	if (to.n && to.n < sizeof(run->file) && to.p[0] != '/')
		memcpy(run->file, to.p, to.n);
}

static void running_add(struct ui *u, const struct record *r)
{
	struct str what;

	if (r->k.n >= sizeof(u->running[0].key) || ui_running_find(u, r->k))
		return;
	for (int i = 0; i < UI_RUNNING; i++) {
		struct ui_running *run = &u->running[i];

		if (run->used)
			continue;
		run->used = true;
		if (i == u->running_end)
			u->running_end = i + 1;
		memcpy(run->key, r->k.p, r->k.n);
		run->key_n = r->k.n;
		run->since = r->m;
		run->would = u->dry && ui_would(r);
		run->maybe = record_bool(r, "unknown");
		run->named = record_raw(r, "name").n > 0;
		if (str_eqz(record_text(r, &u->arena, "action"), "render"))
			report_name(run, record_text(r, &u->arena, "to"));
		buf_init(&run->partial[0], 64 << 10);
		buf_init(&run->partial[1], 64 << 10);
		buf_init(&run->question, 64 << 10);
		what = ui_describe(u, r, sizeof(run->what) - 1);
		memcpy(run->what, what.p, what.n);
		return;
	}
}

void ui_answer_command(struct ui *u, const struct record *r, struct buf *out)
{
	struct str what = record_text(r, &u->arena, "what");
	bool approve = str_eqz(what, "approve");

	buf_printf(out, "runbook %s " STR_FMT STR_FMT " ", approve ? "approve" : "answer", STR_ARG(u->o.run), STR_ARG(u->o.state_hint));
	visible_add(out, r->k);
	buf_addz(out, approve ? " --why TEXT" : str_eqz(what, "checklist") ? " NUMBER" : str_eqz(what, "ask") ? " FIELD=VALUE --why TEXT" : " ANSWER --why TEXT");
}

bool ui_would(const struct record *r)
{
	return record_raw(r, "command").n || record_raw(r, "sends").n;
}

/* What a program says last on its standard error is mostly why it fails. */
static void keep_said(struct ui_running *run, struct str line)
{
	struct buf safe;

	if (!str_trim(line).n)
		return;
	buf_init(&safe, sizeof(run->said) - 1);
	visible_add(&safe, str_slice(line, 0, sizeof(run->said) / 4));
	memcpy(run->said, safe.p, safe.len);
	run->said[safe.len] = 0;
	buf_release(&safe);
}

static void show_line(struct ui *u, struct ui_running *run, struct str key, int stream, struct str line)
{
	if (stream == 2)
		keep_said(run, line);
	if (u->o.format == UI_GITHUB) {
		ui_github_output(u, key, line);
	} else if (u->o.format == UI_TEXT) {
		ui_text_output(u, run, stream, line);
	}
}

/* What was left without a newline when the step ended. */
static void running_end(struct ui *u, const struct record *r, char what[160])
{
	struct ui_running *run = ui_running_find(u, r->k);

	for (int s = 0; run && s < 2; s++)
		if (run->partial[s].len)
			show_line(u, run, r->k, s + 1, buf_str(&run->partial[s]));
	ui_ended(u, run, r);
	if (!run)
		return;
	memcpy(what, run->what, sizeof(run->what));
	u->ended_would = run->would;
	u->ended_maybe = run->maybe;
	running_clear(run);
	while (u->running_end && !u->running[u->running_end - 1].used)
		u->running_end--;
}

/* Is it a step's first attempt, and no answer? That says nothing to people, and it is the longest
 * record of a step: not worth taking apart. (The first `t` of a line is its type's.) */
static bool first_attempt(struct str line)
{
	static const char type[] = "t\":\"step.attempt\",\"k\":\"";
	const char *end = line.p + line.n, *p = memchr(line.p, 't', line.n);
	struct str rest;

	if (!p || !str_starts((struct str){ p, (size_t)(end - p) }, str_of(type)))
		return false;
	p += sizeof(type) - 1;
	p = memchr(p, '"', (size_t)(end - p));
	rest = (struct str){ p, p ? (size_t)(end - p) : 0 };
	return str_starts(rest, STR("\",\"a\":1,")) && !str_starts(rest, STR("\",\"a\":1,\"end\":\"answer\""));
}

/* A person's word that this run, or the one that it is about, shall be undone. */
static void opened(struct ui *u, const struct record *r)
{
	u->asked |= str_eqz(r->t, "run.open") ? record_raw(r, "rollback_of").n != 0 : str_eqz(r->t, "epoch.open") && record_bool(r, "rollback");
}

static void show_record(struct ui *u, struct str line)
{
	struct record r;
	const char *why;
	char what[160] = "";

	if (u->o.format == UI_JSON) {
		buf_clear(&u->line);
		buf_adds(&u->line, line);
		buf_addc(&u->line, '\n');
		ui_write(u, STDOUT_FILENO, buf_str(&u->line));
	}
	if (first_attempt(line) || !record_parse(&r, line, &why))
		return;
	u->now = r.m;
	u->boot_at_now = clock_boot();
	arena_reset(&u->arena);
	if (str_eqz(r.t, "run.open"))
		u->dry = record_bool(&r, "dry");
	if (str_eqz(r.t, "run.open") || str_eqz(r.t, "epoch.open")) {
		u->interactive = record_bool(&r, "interactive");
		opened(u, &r);
	}
	if (str_eqz(r.t, "seal") || str_eqz(r.t, "held") || str_eqz(r.t, "doubt")) {
		u->sealed = true;
		buf_clear(&u->last_seal);
		buf_adds(&u->last_seal, line);
	}
	u->ended_would = u->ended_maybe = false;
	if (str_eqz(r.t, "step.outcome"))
		running_end(u, &r, what);
	if (u->o.format == UI_TEXT)
		ui_text_record(u, &r, what);
	else if (u->o.format == UI_GITHUB)
		ui_github_record(u, &r);
	if (str_eqz(r.t, "step.intent"))
		running_add(u, &r);
}

void ui_begun(void *ui, const struct record *r)
{
	struct ui *u = ui;
	struct ui_running *run;

	opened(u, r);
	if (str_eqz(r->t, "step.intent")) {
		arena_reset(&u->arena);
		running_add(u, r);
	} else if (str_eqz(r->t, "step.outcome")) {
		arena_reset(&u->arena);
		run = ui_running_find(u, r->k);
		ui_ended(u, run, r);
		if (run)
			running_clear(run);
	}
}

/* Shows what was recorded until now. */
static void catch_up(struct ui *u)
{
	const char *p = u->records.p, *end = p + u->records.len, *nl;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		show_record(u, (struct str){ p, (size_t)(nl - p) });
	}
	buf_clear(&u->records);
}

/* Only kept: the next step shall not have to wait until the one before it is shown. */
void ui_record(void *ui, struct str line)
{
	struct ui *u = ui;

	if (u->records.len + line.n > RECORDS_MAX)
		catch_up(u);
	buf_adds(&u->records, line);
	buf_addc(&u->records, '\n');
}

void ui_idle(void *ui)
{
	catch_up(ui);
	ui_flush(ui);
}

void ui_output(void *ui, struct str key, int stream, struct str bytes)
{
	struct ui *u = ui;
	struct ui_running *run;
	struct buf *partial;

	catch_up(u);
	run = ui_running_find(u, key);
	if (u->o.format == UI_JSON || !run)
		return;
	partial = &run->partial[stream == 2];
	while (bytes.n) {
		const char *nl = memchr(bytes.p, '\n', bytes.n);
		size_t n = nl ? (size_t)(nl - bytes.p) : bytes.n;

		if (partial->len + n > 32 << 10) /* a line without end is shown in pieces */
			n = (32 << 10) - partial->len;
		buf_add(partial, bytes.p, n);
		if (nl == bytes.p + n || partial->len >= 32 << 10) {
			show_line(u, run, key, stream, buf_str(partial));
			buf_clear(partial);
		}
		n += nl == bytes.p + n;
		bytes = str_slice(bytes, n, bytes.n);
	}
}

/* Escaped line by line. */
static void put_visible(struct buf *b, struct str text)
{
	for (size_t at = 0; at < text.n;) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t end = nl ? (size_t)(nl - text.p) : text.n;

		visible_add(b, str_slice(text, at, end));
		at = end + (nl != NULL);
		if (nl)
			buf_addc(b, '\n');
	}
}

void ui_question(void *ui, bool open, struct str text)
{
	struct ui *u = ui;
	size_t last;
	struct buf b;

	catch_up(u);
	if (open)
		ui_erase_live(u);
	ui_flush(u);
	buf_init(&b, 64 << 10);
	put_visible(&b, text);
	if (!open && u->broken && str_eqz(text, "\n"))
		buf_clear(&b); /* its line has ended already */
	if (open) {
		for (last = b.len; last && b.p[last - 1] != '\n';)
			last--;
		buf_clear(&u->prompt);
		buf_adds(&u->prompt, str_slice(buf_str(&b), last, b.len));
	}
	u->asking = false; /* what is written now breaks no line */
	if (b.len) {
		ui_write(u, STDERR_FILENO, buf_str(&b));
		ui_flush(u);
	}
	u->asking = open;
	u->broken = false;
	buf_release(&b);
}

void ui_tick(void *ui)
{
	struct ui *u = ui;

	catch_up(u);
	if (u->asking && u->broken) { /* it still waits */
		ui_write(u, STDERR_FILENO, buf_str(&u->prompt));
		ui_flush(u);
		u->broken = false;
	}
	if (u->o.format == UI_TEXT && !u->asking)
		ui_text_tick(u);
}

void ui_end(struct ui *u, struct str run_id, int exit_code, struct str run_dir)
{
	catch_up(u);
	ui_erase_live(u);
	ui_out_end(u);
	arena_reset(&u->arena);
	if (u->o.format == UI_JSON)
		ui_json_end(u, run_id, exit_code, run_dir);
	else if (u->o.format == UI_GITHUB)
		ui_github_end(u, run_id, exit_code, run_dir);
	else
		ui_text_end(u, run_id, exit_code, run_dir);
}
