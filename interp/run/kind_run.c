#include "run/engine_state.h"

#include <string.h>
#include "journal/output.h"
#include "run/show.h"

/*
 * kind_run: `run`: a script or an argv becomes a child. Values enter a script
 * only as environment variables RB_1, RB_2 ... (language.md section 2).
 */

enum { ENV_STRING_MAX = 128 << 10 }; /* Linux: one string of argv or env */

struct words { const char **list; uint32_t count, cap; struct arena *a; };

static void words_add(struct words *w, struct str s)
{
	if (w->count + 1 >= w->cap) {
		uint32_t cap = w->cap ? w->cap * 2 : 16;
		const char **l = arena_array(w->a, cap, sizeof(*l));

		if (w->count)
			memcpy(l, w->list, w->count * sizeof(*l));
		w->list = l;
		w->cap = cap;
	}
	w->list[w->count++] = s.p;
	w->list[w->count] = NULL;
}

/* A value as one string of argv or env: no NUL, not too long. */
static bool fits(struct frame *f, struct str name, struct str value, struct str *error)
{
	if (memchr(value.p, 0, value.n))
		*error = arena_printf(&f->e->arena, STR_FMT ": the value has a NUL byte; use `stdin:`", STR_ARG(name));
	else if (value.n + name.n + 2 > ENV_STRING_MAX)
		*error = arena_printf(&f->e->arena, STR_FMT ": the value is longer than 128 KiB; use `stdin:`", STR_ARG(name));
	else
		return true;
	return refused_later(f, value, *error);
}

static bool env_add(struct frame *f, struct words *w, struct str name, struct str value, struct str *error)
{
	size_t n = name.n + 1 + value.n;
	char *text;

	if (!fits(f, name, value, error))
		return false;
	text = arena_alloc(w->a, n + 1);
	memcpy(text, name.p, name.n);
	text[name.n] = '=';
	if (value.n)
		memcpy(text + name.n + 1, value.p, value.n);
	text[n] = '\0';
	words_add(w, (struct str){ text, n });
	return true;
}

static bool env_own(struct frame *f, const struct prog_step *ps, struct words *w, struct str *error)
{
	struct engine *e = f->e;
	char key[65];
	struct str id = arena_join(w->a, e->run_id, '\n', f->key);
	uint8_t phase = e->phase;

	digest_hex(id, key);
	(void)ps;
	return env_add(f, w, STR("RUNBOOK_RUN"), e->run_id, error) &&
	       env_add(f, w, STR("RUNBOOK_STEP"), f->key, error) &&
	       env_add(f, w, STR("RUNBOOK_PHASE"), str_of(e->stage == STAGE_UNWIND || e->stage == STAGE_TOP_UNDO ? "rollback" : phase_names[phase]), error) &&
	       env_add(f, w, STR("RUNBOOK_ATTEMPT"), arena_uint(w->a, f->attempt), error) &&
	       env_add(f, w, STR("RUNBOOK_IDEMPOTENCY_KEY"), arena_str(w->a, key, 32), error);
}

static bool env_build(struct frame *f, const struct prog_step *ps, struct words *w, bool *unknown, struct str *error)
{
	if (!env_own(f, ps, w, error))
		return false;
	for (uint32_t i = 0; i < ps->env_count; i++) {
		struct str v;

		if (!eval_text(f, &ps->env[i].data, &v, unknown, error) || !env_add(f, w, ps->env[i].name, v, error))
			return false;
	}
	return true;
}

static struct str shell_name(const struct prog_step *ps)
{
	return str_of(ps->shell == SHELL_KIND_BASH ? "bash" : ps->shell == SHELL_KIND_PWSH ? "pwsh" : "sh");
}

/* Script: shell -eu -c PROGRAM; holes as RB_n in the environment. */
static bool script_words(struct frame *f, const struct prog_step *ps, struct words *argv, struct words *env, bool *unknown,
			 struct str *error)
{
	if (!fits(f, STR("run"), ps->script, error))
		return false;
	words_add(argv, shell_name(ps));
	if (ps->shell == SHELL_KIND_PWSH) {
		words_add(argv, STR("-NoProfile"));
		words_add(argv, STR("-NonInteractive"));
		words_add(argv, STR("-Command"));
		words_add(argv, ps->script);
	} else {
		if (ps->shell == SHELL_KIND_BASH) {
			words_add(argv, STR("-euo"));
			words_add(argv, STR("pipefail"));
		} else {
			words_add(argv, STR("-eu"));
		}
		words_add(argv, STR("-c"));
		words_add(argv, ps->script);
		words_add(argv, arena_str(argv->a, ps->label.p, ps->label.n));
	}
	if (ps->script_tmpl) {
		struct eval_env ee = frame_env(f);
		struct eval_error err = { 0 };
		struct value v = tmpl_eval_holes(ps->script_tmpl, &f->e->p->codes, &ee, &err);

		if (err.set) {
			*error = error_text(f, &err);
			return false;
		}
		if (v.kind == V_UNKNOWN) {
			*unknown = true;
			return true;
		}
		for (uint32_t i = 0; i < v.n; i++) {
			*unknown = *unknown || v.list[i].kind == V_UNKNOWN;
			if (!env_add(f, env, arena_printf(env->a, "RB_%u", i + 1), value_text(named_unknowns(f, v.list[i])), error))
				return false;
		}
	}
	return true;
}

static bool argv_words(struct frame *f, const struct prog_step *ps, struct words *argv, bool *unknown, struct str *error)
{
	struct str *list;
	uint32_t n;

	if (!eval_words(f, &ps->ast->run.words, &list, &n, unknown, error))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (!fits(f, STR("run"), list[i], error))
			return false;
		words_add(argv, list[i]);
	}
	if (!argv->count || !argv->list[0][0]) {
		*error = STR("run: the list has no program");
		return false;
	}
	return true;
}

static bool directory(struct frame *f, const struct prog_step *ps, const char **out, bool *unknown, struct str *error)
{
	const char *base = unit_dir(f, ps);
	struct str d;

	if (!eval_text(f, ps->dir, &d, unknown, error))
		return false;
	if (!d.n)
		*out = base;
	else if (d.p[0] == '/' || !base)
		*out = arena_str(f->tmp, d.p, d.n).p;
	else
		*out = arena_printf(f->tmp, "%s/" STR_FMT, base, STR_ARG(d)).p;
	return true;
}

static enum started run_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	struct words argv = { .a = f->tmp }, env = { .a = f->tmp };
	const struct step *s = ps->ast;
	bool unknown = f->unknown;
	const char *dir;
	int64_t timeout, grace;
	struct command *c;

	f->refuse = STR("");
	if (!env_build(f, ps, &env, &unknown, error) ||
	    !(s->run.script ? script_words(f, ps, &argv, &env, &unknown, error) : argv_words(f, ps, &argv, &unknown, error)) ||
	    !directory(f, ps, &dir, &unknown, error) || !eval_duration(f, ps->timeout, 0, &timeout, error) ||
	    !eval_duration(f, ps->grace, 10000000000, &grace, error))
		return STARTED_FAIL;
	struct str input = { 0 };
	if (s->more->stdin_.kind != DATA_NONE && !eval_text(f, &s->more->stdin_, &input, &unknown, error))
		return STARTED_FAIL;
	c = op_queue(f, OP_SPAWN, probe ? OP_FOR_PROBE : OP_FOR_ACTION);
	c->step = ps;
	c->probe = probe;
	c->write = !probe && ps->effect == EFFECT_WRITE;
	c->want_output = ps->wants_output;
	c->quiet = ps->secret_capture;
	c->unknown = unknown;
	c->refuse = f->refuse;
	c->timeout = timeout;
	c->grace = grace;
	c->spawn.argv = argv.list;
	c->spawn.env = env.list;
	c->spawn.dir = dir;
	c->spawn.module = !unit_inherits(ps->unit);
	c->spawn.input = input;
	c->spawn.has_input = s->more->stdin_.kind != DATA_NONE;
	f->op = c->op;
	return STARTED_WAIT;
}

/* NAME='value' of the step's own environment and of its holes. */
static void show_env(struct frame *f, const struct words *env, struct buf *out)
{
	for (uint32_t i = 0; i < env->count; i++) {
		const char *eq = strchr(env->list[i], '=');

		if (!strncmp(env->list[i], "RUNBOOK_", 8))
			continue;
		buf_add(out, env->list[i], (size_t)(eq + 1 - env->list[i]));
		show_word(f, str_of(eq + 1), out);
		buf_addc(out, ' ');
	}
}

/* What to type for the same effect: directory, standard input, environment, command. */
static void run_show(struct frame *f, const struct prog_step *ps, struct buf *out)
{
	struct words argv = { .a = f->tmp }, env = { .a = f->tmp };
	bool unknown = false;
	const char *dir;
	struct str error, input = { 0 };
	bool ok = env_build(f, ps, &env, &unknown, &error) && directory(f, ps, &dir, &unknown, &error) &&
		  eval_text(f, &ps->ast->more->stdin_, &input, &unknown, &error) &&
		  (ps->ast->run.script ? script_words(f, ps, &argv, &env, &unknown, &error)
				       : argv_words(f, ps, &argv, &unknown, &error));

	if (!ok) {
		buf_addz(out, "# cannot be rendered: ");
		buf_adds(out, error);
		return;
	}
	if (ps->dir->kind != DATA_NONE || unit_has_dir(f, ps)) {
		buf_addz(out, "cd ");
		show_quoted(f, str_of(dir), out);
		buf_addz(out, " && ");
	}
	if (input.n) {
		buf_addz(out, "printf %s ");
		show_word(f, input, out);
		buf_addz(out, " | ");
	}
	show_env(f, &env, out);
	for (uint32_t i = 0; i < argv.count; i++) {
		if (i)
			buf_addc(out, ' ');
		show_quoted(f, str_of(argv.list[i]), out);
	}
}

enum { SHOWN_MAX = 2048 };

static void put_word(struct frame *f, struct jsonw *w, const char *s)
{
	struct str t = measured_text(f, str_of(s));

	if (t.n <= SHOWN_MAX) {
		jsonw_str(w, t);
	} else {
		jsonw_open(w, '{');
		jsonw_kint(w, "n", (int64_t)t.n);
		jsonw_kstr(w, "head", rec_cut(f->e, t, 256));
		jsonw_close(w, '}');
	}
}

/* The first line of a script as written, for people. */
static struct str first_line(struct str text)
{
	struct str s = str_trim(text);
	const char *nl = memchr(s.p, '\n', s.n);
	size_t n = nl ? (size_t)(nl - s.p) : s.n;

	if (n > 100)
		n = 100;
	while (n && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_slice(s, 0, n);
}

static void run_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	const struct command *c = &f->e->queue[f->e->queue_len - 1];

	if (ps->ast->run.script) {
		jsonw_kstr(w, "shell", shell_name(ps));
		jsonw_kstr(w, "line", first_line(ps->ast->run.words.node->text));
		jsonw_key(w, "rb");
		jsonw_open(w, '[');
		for (uint32_t i = 0; c->spawn.env[i] && rec_room(f->e, 2 * SHOWN_MAX); i++)
			if (!strncmp(c->spawn.env[i], "RB_", 3))
				put_word(f, w, strchr(c->spawn.env[i], '=') + 1);
		jsonw_close(w, ']');
		return;
	}
	jsonw_key(w, "argv");
	jsonw_open(w, '[');
	for (uint32_t i = 0; c->spawn.argv[i] && rec_room(f->e, 2 * SHOWN_MAX); i++)
		put_word(f, w, c->spawn.argv[i]);
	jsonw_close(w, ']');
}

const struct step_kind kind_run = { .action = ACT_RUN, .name = "run", .start = run_start, .show = run_show,
				    .describe = run_describe };
