#include "run/engine_state.h"

#include "base/mem.h"
#include "journal/mask.h"
#include "run/show.h"
#include "value/json.h"

/*
 * records: the bodies of journal records (docs/journal.md). One buffer, reused;
 * a record is built between rec_open and rec_close.
 */

void rec_open(struct engine *e, const char *type, struct str key, struct jsonw *w)
{
	buf_clear(&e->body);
	jsonw_init(w, &e->body);
	jsonw_kstr(w, "t", str_of(type));
	if (key.n)
		jsonw_kstr(w, "k", key);
}

/* Room is left in this record for another piece of n bytes. */
bool rec_room(const struct engine *e, size_t n)
{
	return e->body.len + n < REC_ROOM;
}

struct str rec_cut(struct engine *e, struct str text, size_t max)
{
	struct buf masked;
	size_t n = max;

	if (text.n <= max)
		return text;
	buf_init(&masked, 32 << 20);
	if (e->setup->mask && !mask_empty(e->setup->mask)) {
		mask_apply(e->setup->mask, text, &masked);
		text = buf_str(&masked);
	}
	if (n > text.n)
		n = text.n;
	while (n && n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	text = arena_str(&e->arena, text.p, n);
	buf_release(&masked);
	return text;
}

void rec_text(struct engine *e, struct jsonw *w, const char *name, struct str text)
{
	text = rec_cut(e, text, REC_TEXT_MAX);
	if (rec_room(e, text.n))
		jsonw_kstr(w, name, text);
}

void rec_value(struct engine *e, struct jsonw *w, struct value v)
{
	struct buf b;

	buf_init(&b, 16 << 10);
	if (rec_room(e, sizeof("\"(long)\"")))
		json_print_typed(v, &b);
	if (b.full || !rec_room(e, b.len))
		jsonw_str(w, STR("(long)"));
	else
		jsonw_raw(w, buf_str(&b));
	buf_release(&b);
}

void rec_close(struct engine *e, struct jsonw *w)
{
	(void)w;
	if (e->body.full)
		mem_abort("a journal record is too long");
	e->fx->record(e->ctx, e->wall, e->mono, buf_str(&e->body));
}

void rec_phase(struct engine *e, bool open, uint8_t phase, const char *status)
{
	struct jsonw w;

	rec_open(e, open ? "phase.open" : "phase.close", str_of(phase_names[phase]), &w);
	if (status)
		jsonw_kstr(&w, "status", str_of(status));
	rec_close(e, &w);
	e->must_sync = e->must_sync || !open;
}

struct str step_place(const struct frame *f)
{
	struct span sp = f->ps->ast->span;
	struct position at;

	if (!sp.src)
		return STR("");
	at = source_locate(sp.src, sp.start);
	return arena_printf(f->tmp ? f->tmp : &f->e->arena, STR_FMT ":%u:%u", STR_ARG(sp.src->name), at.line, at.column);
}

/* The texts that describe a step to people: name, preview, rollback. */
static void put_name(struct frame *f, struct jsonw *w)
{
	const struct step *s = f->ps->ast;
	struct str text, error;
	bool unknown = false;

	if (s->id.n)
		jsonw_kstr(w, "id", s->id);
	if (f->ps->unit->index)
		jsonw_kstr(w, "module", f->ps->unit->name);
	if (s->more->name.kind != DATA_NONE && eval_text(f, &s->more->name, &text, &unknown, &error))
		rec_text(f->e, w, "name", text);
}

struct would { struct engine *e; struct jsonw *w; uint32_t n; };

static void put_command(void *arg, struct str command)
{
	struct would *to = arg;

	rec_text(to->e, to->w, "command", command);
}

static void put_undo(void *arg, struct str command)
{
	struct would *to = arg;

	if (to->n++ < 50 && rec_room(to->e, command.n))
		jsonw_str(to->w, command);
}

/* dry-run: the whole command, and those that would undo it. */
static void put_would(struct frame *f, struct jsonw *w)
{
	struct would to = { f->e, w, 0 };
	struct str text, error;
	bool unknown = false;

	if (f->ps->effect == EFFECT_WRITE && !prog_step_holds(f->ps))
		show_own(f, put_command, &to);
	if (f->e->setup->revision >= REVISION_3 && f->ps->ast->more->irreversible.kind != DATA_NONE &&
	    eval_text(f, &f->ps->ast->more->irreversible, &text, &unknown, &error))
		rec_text(f->e, w, "irreversible", text);
	if (!f->ps->has_undo)
		return;
	jsonw_key(w, "undo");
	jsonw_open(w, '[');
	show_list(f, &f->ps->ast->rollback, 0, put_undo, &to);
	jsonw_close(w, ']');
}

void rec_intent(struct frame *f)
{
	const struct step_kind *k = kind_of(f->ps);
	const struct step *s = f->ps->ast;
	struct str text, error;
	bool unknown = false;
	struct jsonw w;

	rec_open(f->e, "step.intent", f->key, &w);
	put_name(f, &w);
	jsonw_kstr(&w, "action", str_of(action_names[s->action]));
	if (action_calls(s->action) || s->action == ACT_RENDER)
		jsonw_kstr(&w, "effect", str_of(f->ps->effect == EFFECT_WRITE ? "write" : "read"));
	if (f->parent->kind == FRAME_LOOP) {
		jsonw_key(&w, "item");
		rec_value(f->e, &w, f->scope->item);
	}
	if (k->describe)
		k->describe(f, f->ps, &w);
	if (f->unknown)
		jsonw_kbool(&w, "unknown", true);
	if (s->more->preview.kind != DATA_NONE && eval_text(f, &s->more->preview, &text, &unknown, &error))
		rec_text(f->e, &w, "preview", text);
	if (f->e->setup->dry_run)
		put_would(f, &w);
	rec_close(f->e, &w);
}

/* The members of an answer; as result_seen() left it. */
void rec_put_answer(struct jsonw *w, const struct result *r)
{
	const struct { const char *name; struct str text; } parts[] = {
		{ "answer", r->answer }, { "item", r->item }, { "by", r->by }, { "how", r->how },
		{ "why", r->why }, { "subject", r->subject }, { "file", r->ref }, { "refused", r->refused },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].text.n)
			jsonw_kstr(w, parts[i].name, parts[i].text);
	if (str_eqz(r->how, "file"))
		jsonw_kint(w, "uid", r->uid);
}

/* r as result_seen() left it: its texts are bounded. */
void rec_put_result(struct jsonw *w, const struct result *r, bool http)
{
	jsonw_kstr(w, "end", str_of(result_end_names[r->end]));
	if (r->code >= 0)
		jsonw_kint(w, "code", r->code);
	if (r->signo)
		jsonw_kint(w, "signal", r->signo);
	if (r->error.n)
		jsonw_kstr(w, "error", r->error);
	if (r->final)
		jsonw_kbool(w, "final", true);
	if (r->channel.n)
		jsonw_kstr(w, "channel", r->channel);
	if (r->tries > 1)
		jsonw_kint(w, "tries", r->tries);
	if (r->end == END_ANSWER)
		rec_put_answer(w, r);
	jsonw_kint(w, "took_us", r->took / 1000);
	if (http && r->header_count) {
		jsonw_key(w, "headers");
		jsonw_open(w, '{');
		for (uint32_t i = 0; i < r->header_count; i++) {
			jsonw_str(w, r->headers[i].name);
			buf_addc(w->out, ':');
			w->comma = false;
			jsonw_str(w, r->headers[i].value);
		}
		jsonw_close(w, '}');
	}
	if (r->out.json.n) {
		jsonw_key(w, "out");
		jsonw_raw(w, r->out.json);
	}
	if (r->err.json.n && r->err.total) {
		jsonw_key(w, "err");
		jsonw_raw(w, r->err.json);
	}
}

void rec_attempt(struct frame *f, const struct result *r, const struct verdict *opaque)
{
	struct jsonw w;

	rec_open(f->e, "step.attempt", f->key, &w);
	jsonw_kint(&w, "a", f->attempt);
	rec_put_result(&w, r, f->ps->ast->action == ACT_HTTP);
	if (opaque)
		opaque_put(f, &w, opaque);
	rec_close(f->e, &w);
}

void rec_probe(struct frame *f, const char *when, const struct result *r, int verdict)
{
	struct jsonw w;

	rec_open(f->e, "probe", f->key, &w);
	jsonw_kstr(&w, "when", str_of(when));
	jsonw_kstr(&w, "result", str_of(verdict > 0 ? "yes" : verdict < 0 ? "unknown" : "no"));
	rec_put_result(&w, r, false);
	if (r->opaque.n || has_secret(f->e, r))
		jsonw_kbool(&w, "opaque", true);
	rec_close(f->e, &w);
}

void rec_outcome(struct frame *f)
{
	const struct outcome *o = f->out;
	const struct step *s = f->ps->ast;
	struct jsonw w;

	rec_open(f->e, "step.outcome", f->key, &w);
	jsonw_kstr(&w, "status", str_of(step_status_names[o->status]));
	if (f->kind == FRAME_LOOP)
		jsonw_kint(&w, "of", o->each_count);
	else if (o->attempts > 1)
		jsonw_kint(&w, "attempts", o->attempts);
	jsonw_kint(&w, "took_us", o->took / 1000);
	if (o->unknown)
		jsonw_kbool(&w, "dry", true);
	if (!f->started && f->kind == FRAME_STEP) {
		put_name(f, &w);
		jsonw_kbool(&w, "started", false);
	}
	if (o->error.n) {
		rec_text(f->e, &w, "error", o->error);
		if (f->cause_end)
			jsonw_kstr(&w, "end", str_of(f->cause_end));
		jsonw_kstr(&w, "at", step_place(f));
	}
	if (o->captures && s->capture_count) {
		jsonw_key(&w, "captures");
		jsonw_open(&w, '{');
		for (uint32_t i = 0; i < s->capture_count; i++) {
			jsonw_key(&w, s->captures[i].name.p);
			rec_value(f->e, &w, o->captures[i]);
		}
		jsonw_close(&w, '}');
	}
	rec_close(f->e, &w);
	if (f->started && (f->ps->effect == EFFECT_WRITE || action_asks(s->action)) && !prog_step_holds(f->ps))
		f->e->must_sync = true; /* with the next intent: one sync */
}

void rec_timer(struct engine *e, struct str key, const char *what)
{
	struct jsonw w;

	rec_open(e, "timer", key, &w);
	jsonw_kstr(&w, "what", str_of(what));
	rec_close(e, &w);
}

void rec_issue(struct engine *e, const char *severity, struct frame *f, struct str text)
{
	struct jsonw w;
	struct issue *s;

	MEM_ROOM(e->issues, e->issue_len, e->issue_cap, 8);
	s = &e->issues[e->issue_len++];
	s->step = f ? f->key : STR("");
	s->severity = str_of(severity);
	s->text = arena_str(&e->arena, text.p, text.n);
	s->phase = e->phase;
	rec_open(e, "issue", s->step, &w);
	jsonw_kstr(&w, "severity", s->severity);
	rec_text(e, &w, "text", s->text);
	rec_close(e, &w);
}

/* As JSON text, with quotes and comma. */
static size_t text_size(struct str s)
{
	size_t n = s.n + 3;

	for (size_t i = 0; i < s.n; i++)
		n += (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? 5 : s.p[i] == '"' || s.p[i] == '\\' ? 1 : 0;
	return n;
}

/* As many as there is room for; returns how many. */
static uint32_t put_texts(struct jsonw *w, const char *name, const struct str *list, uint32_t n, size_t room)
{
	uint32_t i;

	jsonw_key(w, name);
	jsonw_open(w, '[');
	for (i = 0; i < n && w->out->len + text_size(list[i]) < room; i++)
		jsonw_str(w, list[i]);
	return i;
}

/* What a person must still run; says so if it is not all there. */
static void put_commands(struct engine *e, struct jsonw *w, const struct residue *r)
{
	uint32_t n = put_texts(w, "commands", r->commands, r->count, REC_ROOM / 4 * 3);

	if (n < r->count)
		jsonw_str(w, arena_printf(&e->arena, "# and %u more, too long for this list: see the runbook", r->count - n));
	jsonw_close(w, ']');
}

static void put_cause(struct engine *e, struct jsonw *w)
{
	jsonw_key(w, "cause");
	if (!e->cause_text.n && !e->cause_key.n) {
		jsonw_null(w);
		return;
	}
	jsonw_open(w, '{');
	if (e->cause_key.n)
		jsonw_kstr(w, "k", e->cause_key);
	rec_text(e, w, "text", e->cause_text);
	if (e->cause_at.n)
		jsonw_kstr(w, "at", e->cause_at);
	jsonw_close(w, '}');
}

enum { SEAL_LIST_MAX = 500 };

/* Steps that failed and were passed over (on_fail: continue, undo, skip). */
static void put_continued(struct engine *e, struct jsonw *w)
{
	jsonw_key(w, "continued");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < e->issue_len && rec_room(e, 8 * REC_TEXT_MAX); i++)
		if (str_eqz(e->issues[i].severity, "error"))
			jsonw_str(w, e->issues[i].step);
	jsonw_close(w, ']');
}

/* The last record: how the run ended. Long lists are cut, with their count. */
void rec_seal(struct engine *e)
{
	struct jsonw w;
	uint32_t n = e->residue_len < SEAL_LIST_MAX ? e->residue_len : SEAL_LIST_MAX;

	rec_open(e, "seal", STR(""), &w);
	jsonw_kstr(&w, "status", str_of(run_status_names[e->status]));
	jsonw_kint(&w, "exit", engine_exit_code(e));
	put_cause(e, &w);
	if (e->stop_text.n)
		rec_text(e, &w, "stopped", e->stop_text);
	put_texts(&w, "undone", e->undone, e->undone_len < SEAL_LIST_MAX ? e->undone_len : SEAL_LIST_MAX, REC_ROOM / 4);
	jsonw_close(&w, ']');
	jsonw_kint(&w, "undone_count", e->undone_len);
	jsonw_key(&w, "residue");
	jsonw_open(&w, '[');
	for (uint32_t i = 0; i < n && rec_room(e, 3 * REC_TEXT_MAX); i++) {
		jsonw_open(&w, '{');
		jsonw_kstr(&w, "k", e->residue[i].key);
		jsonw_kstr(&w, "why", rec_cut(e, e->residue[i].why, 1024));
		if (e->residue[i].count)
			jsonw_kstr(&w, "dir", str_of(book_dir(e)));
		put_commands(e, &w, &e->residue[i]);
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	jsonw_kint(&w, "residue_count", e->residue_len);
	put_continued(e, &w);
	jsonw_kint(&w, "issues", e->issue_len);
	jsonw_kint(&w, "took_us", e->mono / 1000);
	if (e->undo_count)
		jsonw_kint(&w, "rollback_us", e->unwind_took / 1000);
	if (e->setup->dry_run) {
		jsonw_kint(&w, "would_run", e->dry_run_steps);
		jsonw_kint(&w, "skipped", e->dry_skipped);
		jsonw_kint(&w, "unknown", e->dry_unknown);
		unwind_entries(e, "armed", &w);
	}
	rec_close(e, &w);
	e->must_sync = true;
}
