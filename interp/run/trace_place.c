#include "run/trace_more.h"

#include <stdio.h>
#include <string.h>
#include "journal/output.h"
#include "plan/align.h"
#include "run/engine_state.h"
#include "run/monitor.h"
#include "value/json.h"

/*
 * trace_place: names for what an engine does that hold from one program to
 * another: of instances, and of commands.
 */

enum { PART_MAX = 400, ITEM_MAX = 1 << 16 };

/* --- places --------------------------------------------------------------------- */

void item_of(struct buf *items, struct value item)
{
	struct buf b;

	buf_init(&b, ITEM_MAX);
	json_print_typed(item, &b);
	if (b.full || b.len > 120) {
		char hex[65];

		digest_hex(buf_str(&b), hex);
		buf_printf(items, "[%s%s]", b.full ? "long:" : "", hex);
	} else {
		buf_printf(items, "[" STR_FMT "]", STR_ARG(buf_str(&b)));
	}
	buf_release(&b);
}

const struct frame *frame_around(const struct frame *f, const char **mark)
{
	*mark = "";
	if (f->kind == FRAME_LIST && f->target && f->parent) {
		*mark = f->parent->kind == FRAME_ALWAYS ? "!always" : "!undo";
		return f->target;
	}
	return f->parent;
}

/* Of which block or loop an item or attempt is, by its path in the old program. */
static void put_owner(struct buf *items, const struct align *al, struct str path)
{
	const struct aligned *x = al ? map_get(&al->is, path) : NULL;

	buf_addc(items, '@');
	buf_adds(items, x && x->other ? x->other->path : path);
}

void place_of(const struct frame *f, const struct align *al, struct buf *path, struct buf *items)
{
	const char *mark;
	const struct frame *up = frame_around(f, &mark);

	if (!up)
		return;
	place_of(up, al, path, items);
	buf_addz(path, mark);
	if (f->kind == FRAME_MONITOR || (f->kind == FRAME_LIST && up->kind == FRAME_ROOT)) {
		buf_adds(path, f->key);
	} else if (f->kind == FRAME_LIST && !*mark && up->kind == FRAME_STEP && up->attempt > 1) {
		buf_adds(items, str_slice(f->key, up->key.n, f->key.n)); /* ~2 */
		put_owner(items, al, buf_str(path));
	} else if (f->kind == FRAME_STEP && up->kind == FRAME_LOOP) {
		item_of(items, f->scope->item);
		put_owner(items, al, buf_str(path));
	} else if (f->kind == FRAME_STEP || f->kind == FRAME_LOOP) {
		buf_addc(path, '/');
		buf_adds(path, f->ps->label);
	}
}

/* --- what a command is ------------------------------------------------------------ */

/* NAME\tJSON; what is long by its beginning and its digest. */
static void part(struct buf *out, const char *name, struct str value)
{
	struct str shown = value;
	char hex[65] = "";
	struct jsonw w;

	if (value.n > PART_MAX) {
		digest_hex(value, hex);
		shown.n = PART_MAX / 2;
		while (shown.n && ((unsigned char)value.p[shown.n] & 0xc0) == 0x80)
			shown.n--;
	}
	buf_addz(out, name);
	buf_addc(out, '\t');
	jsonw_init(&w, out);
	jsonw_str(&w, shown);
	if (*hex)
		buf_printf(out, " ... %zu bytes, sha256 %s", value.n, hex);
	buf_addc(out, '\n');
}

static void numbered(struct buf *out, const char *name, uint32_t i, struct str value)
{
	char text[32];

	snprintf(text, sizeof(text), "%s[%u]", name, i);
	part(out, text, value);
}

/* Files of the runbook whose names stand in the text: what they hold belongs to the command. */
static void part_files(struct buf *out, const struct map *files, struct str text)
{
	for (size_t i = 0; files && i < files->count; i++)
		if (str_find(text, files->entries[i].key) >= 0) {
			buf_addz(out, "file ");
			part(out, files->entries[i].key.p, str_of(files->entries[i].value));
		}
}

/* Below the folder of its file: that one may lie anywhere. */
static struct str below(const struct frame *f, const struct prog_step *ps, const char *dir)
{
	struct str base = str_of(unit_dir(f, ps)), d = str_of(dir);

	if (str_eq(base, d))
		return STR(".");
	if (base.n && str_starts(d, base) && d.p[base.n] == '/')
		return str_slice(d, base.n + 1, d.n);
	return d;
}

static void spawn_parts(const struct frame *f, const struct command *c, const struct map *files, struct buf *out)
{
	static const char *const own[] = { "RUNBOOK_RUN=", "RUNBOOK_STEP=", "RUNBOOK_PHASE=", "RUNBOOK_ATTEMPT=", "RUNBOOK_IDEMPOTENCY_KEY=" };
	bool script = c->step && c->step->ast->action == ACT_RUN && c->step->ast->run.script;

	for (uint32_t i = 0; c->spawn.argv[i]; i++) {
		if (script && i && !c->spawn.argv[i + 1] && c->step->shell != SHELL_KIND_PWSH)
			break; /* $0: the step's label */
		numbered(out, script ? "shell" : "argv", i, str_of(c->spawn.argv[i]));
		part_files(out, files, str_of(c->spawn.argv[i]));
	}
	for (uint32_t i = 0; c->spawn.env && c->spawn.env[i]; i++) {
		const char *eq = strchr(c->spawn.env[i], '=');
		bool skip = false;

		for (size_t k = 0; k < sizeof(own) / sizeof(*own); k++)
			skip = skip || !strncmp(c->spawn.env[i], own[k], strlen(own[k]));
		if (skip)
			continue;
		buf_addz(out, "env ");
		buf_add(out, c->spawn.env[i], (size_t)(eq - c->spawn.env[i]));
		part(out, "", str_of(eq + 1));
		part_files(out, files, str_of(eq + 1));
	}
	if (c->step && c->spawn.dir)
		part(out, "dir", below(f, c->step, c->spawn.dir));
	if (c->spawn.has_input)
		part(out, "stdin", c->spawn.input);
}

static void request_parts(const struct command *c, struct buf *out)
{
	const struct { const char *name; struct str text; } parts[] = {
		{ "method", c->request.method }, { "url", c->request.url }, { "user", c->request.user },
		{ "password", c->request.password }, { "ca", c->request.ca }, { "cert", c->request.cert }, { "key", c->request.key },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].text.n)
			part(out, parts[i].name, parts[i].text);
	for (uint32_t i = 0; i < c->request.header_count; i++) {
		if (str_eqz(c->request.headers[i].name, "Idempotency-Key"))
			continue; /* of run and step */
		buf_addz(out, "header ");
		buf_adds(out, c->request.headers[i].name);
		part(out, "", c->request.headers[i].value);
	}
	if (c->request.has_body)
		part(out, "body", c->request.body);
	if (c->request.insecure)
		part(out, "insecure", STR("yes"));
	if (c->request.follow) {
		char n[16];

		snprintf(n, sizeof(n), "%d", c->request.follow);
		part(out, "follow", str_of(n));
	}
}

void identity_of(const struct frame *f, const struct command *c, const struct map *files, struct buf *out)
{
	char delay[32];

	switch (c->kind) {
	case OP_SPAWN:
		spawn_parts(f, c, files, out);
		break;
	case OP_REQUEST:
		request_parts(c, out);
		break;
	case OP_TIMER:
		snprintf(delay, sizeof(delay), "%lld", (long long)(c->timer.at - f->e->mono));
		part(out, "delay", str_of(delay));
		break;
	case OP_QUESTION:
		part(out, "question", str_of(question_names[c->question.what]));
		part(out, "text", c->question.text);
		part(out, "item", c->question.item);
		for (uint32_t i = 0; i < c->question.choice_count; i++)
			numbered(out, "choice", i, c->question.choices[i]);
		break;
	case OP_MAIL:
		part(out, "server", c->mail.url);
		part(out, "user", c->mail.user);
		part(out, "from", c->mail.from);
		for (uint32_t i = 0; i < c->mail.to_count; i++)
			numbered(out, "to", i, c->mail.to[i]);
		part(out, "mail", c->mail.text);
		break;
	case OP_FILE:
		part(out, "path", c->file.path);
		part(out, "bytes", c->file.bytes);
		break;
	}
}

/* --- what a condition saw ----------------------------------------------------------- */

struct seeing { struct jsonw w; struct frame *f; uint32_t n; };

static void put_name(void *arg, struct ref ref, const struct expr *at)
{
	struct seeing *s = arg;
	struct eval_env env = frame_env(s->f);
	struct buf b;

	if (s->n++ >= 64)
		return;
	buf_init(&b, 1 << 16);
	expr_print(at, &b);
	jsonw_str(&s->w, buf_str(&b));
	buf_addc(s->w.out, ':');
	s->w.comma = false;
	buf_clear(&b);
	json_print_typed(env.fetch(env.ctx, ref), &b);
	if (b.full)
		jsonw_str(&s->w, STR("(long)"));
	else
		jsonw_raw(&s->w, buf_str(&b));
	buf_release(&b);
}

void saw_of(struct frame *f, const struct expr *x, struct buf *out)
{
	struct seeing s = { .f = f };

	jsonw_init(&s.w, out);
	jsonw_open(&s.w, '{');
	if (x)
		code_refs(f->e->p->codes.list[x->id], put_name, &s);
	jsonw_close(&s.w, '}');
}

static bool reads_output(struct ref r)
{
	switch (r.root) {
	case REF_OUT: case REF_RAW: case REF_ERR: case REF_CODE: case REF_HEADERS: case REF_TOOK: case REF_OWN:
		return true;
	default:
		return false;
	}
}

static void put_other(void *arg, struct ref ref, const struct expr *at)
{
	if (!reads_output(ref))
		put_name(arg, ref, at);
}

static void judge_by(struct frame *f, const char *name, const struct expr *x, struct buf *out)
{
	struct seeing s = { .f = f };

	if (!x)
		return;
	buf_addz(out, name);
	buf_addc(out, ' ');
	expr_print(x, out);
	jsonw_init(&s.w, out);
	jsonw_open(&s.w, '{');
	code_refs(f->e->p->codes.list[x->id], put_other, &s);
	jsonw_close(&s.w, '}');
	buf_addc(out, '\n');
}

void trace_judging(struct engine *e, uint32_t op, struct buf *out)
{
	const struct op *o = op_find(e, op);
	struct frame *f = o ? o->frame : NULL;
	const struct prog_step *ps = o ? o->command.step : NULL;
	const struct step *s;

	if (!f || !ps)
		return;
	s = ps->ast;
	buf_printf(out, "parse %d " STR_FMT "\n", s->parse, STR_ARG(s->more->regex));
	for (uint32_t i = 0; i < s->capture_count; i++)
		judge_by(f, s->captures[i].name.p, s->captures[i].expr, out);
	if (f->monitor)
		buf_printf(out, "out %d\n", f->monitor->m->keeps_out);
	judge_by(f, "expect", s->expect, out);
	judge_by(f, "retry", ps->retry ? ps->retry->when : NULL, out);
	if (f->kind == FRAME_MONITOR)
		buf_printf(out, "out %d\n", f->monitor->m->keeps_out);
}
