#include "cli/rebuild.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/file.h"
#include "cli/command.h"
#include "cli/kept_modules.h"
#include "journal/mask.h"
#include "journal/output.h"
#include "journal/state.h"
#include "run/recorded.h"
#include "value/json.h"
#include "value/units.h"

/* rebuild: from a run's folder to an engine that stands where the journal ends. */

enum { SOURCE_MAX = 64 << 20, PARENTS_MAX = 8, ROUNDS_MAX = 8 };

__attribute__((format(printf, 2, 3)))
static bool cannot(struct rebuild *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->why, sizeof(b->why), fmt, ap);
	va_end(ap);
	return false;
}

static struct str text(struct rebuild *b, const struct record *r, const char *name)
{
	struct str s = record_text(r, &b->c->arena, name);

	return arena_str(&b->c->arena, s.p ? s.p : "", s.n);
}

static bool member_json(struct rebuild *b, const struct record *r, const char *name, struct value *v)
{
	struct json_error je;
	struct str raw = record_raw(r, name);

	return raw.n && json_parse_members(&b->c->arena, arena_str(&b->c->arena, raw.p, raw.n), 1, v, &je);
}

/* --- the program ------------------------------------------------------------------ */

static bool load_program(struct rebuild *b, struct str digest, const struct record *r)
{
	struct kept_modules kept;
	struct load_options options = { .fetch = &kept.fetch, .ran = true };
	struct value modules = value_null, uses = value_null;
	struct loaded *l = &b->l;
	struct str bytes;
	int err = blob_get(&b->c->arena, b->run_dir.p, digest, SOURCE_MAX, &bytes);

	if (err)
		return cannot(b, "the runbook that ran (blob " STR_FMT "): %s", STR_ARG(digest),
			      err < 0 ? "its hash is wrong" : file_error(err));
	l->path = b->path;
	l->source = source_new(&b->c->arena, l->path, bytes);
	l->dir = b->dir.p;
	memcpy(l->digest, digest.p, digest.n < 64 ? digest.n : 64);
	diags_init(&l->diags, &b->c->arena);
	(void)member_json(b, r, "modules", &modules);
	(void)member_json(b, r, "uses", &uses);
	kept_modules_init(&kept, b->run_dir, modules, uses);
	l->program = program_load(&b->c->arena, l->source, &options, &l->diags);
	if (!l->program)
		return cannot(b, "the runbook that ran is refused by this version of the program (it ran with %.*s)",
			      STR_ARG(b->program_version));
	return true;
}

static bool is_hidden(const struct value *hidden, struct str name)
{
	for (uint32_t i = 0; hidden && hidden->kind == V_LIST && i < hidden->n; i++)
		if (hidden->list[i].kind == V_STRING && str_eq(value_text(hidden->list[i]), name))
			return true;
	return false;
}

/* Only what is text can have a stand-in where a secret was. */
static bool told(const struct decl *d, struct value v)
{
	bool of_text = d->type == DECL_STRING || ((d->type == DECL_LIST || d->type == DECL_MAP) && d->of == DECL_STRING), ok = true;

	if (of_text || (v.kind != V_STRING && v.kind != V_LIST && v.kind != V_MAP))
		return true;
	if (v.kind == V_STRING)
		return str_find(value_text(v), STR("***")) < 0;
	for (uint32_t i = 0; i < v.n; i++)
		ok = ok && told(d, v.kind == V_LIST ? v.list[i] : v.map[i].value);
	return ok;
}

static bool load_inputs(struct rebuild *b, const struct record *r)
{
	const struct runbook *rb = b->l.program->rb;
	struct value map, hidden, *list = arena_array(&b->c->arena, rb->input_count + 1u, sizeof(*list));
	bool some = member_json(b, r, "hidden", &hidden);

	b->hidden = some;
	if (!member_json(b, r, "inputs", &map) || map.kind != V_MAP)
		return cannot(b, "its first record has no inputs");
	for (uint32_t i = 0; i < rb->input_count; i++) {
		const struct value *v = value_get(map, rb->inputs[i].name);

		if (!v)
			return cannot(b, "its first record has no input `" STR_FMT "`", STR_ARG(rb->inputs[i].name));
		list[i] = *v;
		if (!some || !is_hidden(&hidden, rb->inputs[i].name))
			continue;
		if (!told(&rb->inputs[i], *v))
			return cannot(b, "input `" STR_FMT "` had the value of a secret, which is not written anywhere", STR_ARG(rb->inputs[i].name));
		list[i] = recorded_marked(&b->c->arena, *v, b->setup.gone);
	}
	b->setup.inputs = list;
	return true;
}

/* Relative paths of a version's secrets are taken from where it was started. */
static void load_from(struct rebuild *b, const struct record *r)
{
	const struct value *from;
	struct value source;

	if (!member_json(b, r, "source", &source) || source.kind != V_MAP)
		return;
	from = value_get(source, STR("from"));
	if (from && from->kind == V_STRING)
		b->l.dir = arena_str(&b->c->arena, value_text(*from).p, value_text(*from).n).p;
}

/* What the site said of roles when the run began. */
static void load_roles(struct rebuild *b, const struct record *r)
{
	const struct runbook *rb = b->l.program->rb;
	struct site_role *list;
	struct value map;

	if (!member_json(b, r, "roles", &map) || map.kind != V_MAP)
		return;
	list = arena_array(&b->c->arena, rb->role_count + 1u, sizeof(*list));
	for (uint32_t i = 0; i < rb->role_count; i++) {
		const struct value *role = value_get(map, rb->roles[i].name);
		const struct value *who = role && role->kind == V_MAP ? value_get(*role, STR("who")) : NULL;
		const struct value *notify = role && role->kind == V_MAP ? value_get(*role, STR("notify")) : NULL;
		struct str *names;

		if (notify && notify->kind == V_STRING)
			list[i].notify = value_text(*notify);
		if (!who || who->kind != V_LIST)
			continue;
		names = arena_array(&b->c->arena, who->n + 1u, sizeof(*names));
		for (uint32_t k = 0; k < who->n; k++)
			if (who->list[k].kind == V_STRING)
				names[list[i].who_count++] = value_text(who->list[k]);
		list[i].who = names;
	}
	b->setup.roles = list;
}

/* What stands for a secret that is not known: no output has it by accident. */
struct str rebuild_stand_in(struct rebuild *b, struct str what)
{
	struct str seed = arena_printf(&b->c->arena, "runbook stand-in\n" STR_FMT "\n" STR_FMT, STR_ARG(b->run), STR_ARG(what));
	char hex[65];

	digest_hex(seed, hex);
	return arena_printf(&b->c->arena, "gone%.40s", hex);
}

static void add_files(struct rebuild *b, struct value list)
{
	for (uint32_t i = 0; list.kind == V_LIST && i < list.n; i++) {
		const struct value *path = list.list[i].kind == V_MAP ? value_get(list.list[i], STR("path")) : NULL;
		const struct value *sha = path ? value_get(list.list[i], STR("sha256")) : NULL;

		if (sha && sha->kind == V_STRING && path->kind == V_STRING)
			(void)map_add(&b->files, value_text(*path), (void *)(uintptr_t)sha->s);
	}
}

static void load_files(struct rebuild *b, const struct record *r)
{
	struct value v;

	map_init(&b->files);
	if (member_json(b, r, "files", &v))
		add_files(b, v);
	if (!member_json(b, r, "modules", &v))
		return;
	for (uint32_t i = 0; v.kind == V_LIST && i < v.n; i++) {
		const struct value *files = v.list[i].kind == V_MAP ? value_get(v.list[i], STR("files")) : NULL;

		if (files)
			add_files(b, *files);
	}
}

/* run.open, whose texts live in the command's arena from now on. */
static bool take_open(struct rebuild *b, const struct record *r)
{
	struct str program = text(b, r, "program"), body = recorded_body(r);
	struct run_setup *s = &b->setup;
	int64_t revision;

	b->run = text(b, r, "run");
	b->path = text(b, r, "path");
	b->dir = text(b, r, "dir");
	b->host = text(b, r, "host");
	b->boot = text(b, r, "boot");
	b->program_version = text(b, r, "version");
	b->parent = text(b, r, "rollback_of");
	b->parent_head = text(b, r, "parent_head");
	b->dry = record_bool(r, "dry");
	b->sync = record_bool(r, "sync");
	revision = record_int(r, "revision", 1);
	if (revision < 1 || revision > ENGINE_REVISION)
		return cannot(b, "it is of revision %lld, and this program knows up to %d", (long long)revision, ENGINE_REVISION);
	s->revision = (uint32_t)revision;
	s->run_id = b->run;
	s->operator_name = text(b, r, "operator");
	s->dry_run = b->dry;
	s->interactive = record_bool(r, "interactive");
	s->dir = b->dir.p;
	s->seed = text(b, r, "seed");
	s->gone = rebuild_stand_in(b, STR(""));
	s->open_body = arena_str(&b->c->arena, body.p, body.n);
	if (!load_program(b, program, r) || !load_inputs(b, r))
		return false;
	load_from(b, r);
	if (b->trace)
		load_files(b, r);
	s->program = b->l.program;
	s->user = text(b, r, "user");
	s->uid = record_int(r, "uid", -1);
	s->plan = text(b, r, "plan");
	s->outside_window = text(b, r, "outside_window");
	load_roles(b, r);
	return unit_parse_time(text(b, r, "start"), &b->start) || cannot(b, "its first record has no start");
}

struct first { struct rebuild *b; bool seen, ok; };

static void on_first(void *arg, const struct record *r)
{
	struct first *f = arg;

	if (f->seen)
		return;
	f->seen = true;
	f->ok = str_eqz(r->t, "run.open") ? take_open(f->b, r) : cannot(f->b, "its first record is not run.open");
}

static const char *journal_of(struct rebuild *b, struct str dir)
{
	return arena_printf(&b->c->arena, STR_FMT "/journal.jsonl", STR_ARG(dir)).p;
}

bool rebuild_open(struct rebuild *b, struct cli *c, struct str run_dir)
{
	struct first f = { b, false, false };

	b->c = c;
	b->run_dir = run_dir;
	b->why[0] = 0;
	journal_scan_file(journal_of(b, run_dir), &b->scan, on_first, &f);
	if (!f.seen)
		return cannot(b, "%s", b->scan.why);
	return f.ok;
}

/* --- the replay -------------------------------------------------------------------- */

static void make_stand_ins(struct rebuild *b, struct mask *m)
{
	const struct program *p = b->l.program;
	struct value *list = arena_array(&b->c->arena, p->secret_count + 1u, sizeof(*list));

	for (uint32_t i = 0; i < p->secret_count; i++) {
		struct str name = p->secrets[i].secret->name, key = p->secrets[i].unit->from.key;
		struct str s = rebuild_stand_in(b, key.n ? arena_printf(&b->c->arena, STR_FMT "\n" STR_FMT, STR_ARG(key), STR_ARG(name)) : name);

		list[i] = value_str(s);
		list[i].flags = VALUE_SECRET;
		(void)mask_add(m, s);
	}
	b->secrets = list;
}

static void on_record(void *arg, const struct record *r)
{
	struct rebuild *b = arg;

	if (replay_take(b->replay, r) && b->each && r->n > b->given) {
		b->given = r->n;
		b->each(b->arg, r);
	}
}

static bool same(struct rebuild *b)
{
	const struct replay_result *res = replay_result(b->replay);

	if (res->verdict == REPLAY_IDENTICAL)
		return true;
	b->diverged = res->verdict == REPLAY_DIVERGED;
	return cannot(b, "record %lld: %s", (long long)res->n, res->why);
}

/* A run that undoes another one goes on where that one ended, with its engine. */
static bool replay_parent(struct rebuild *b)
{
	struct rebuild *p = arena_alloc(&b->c->arena, sizeof(*p));
	size_t end = b->run_dir.n;
	struct str dir;

	p->depth = b->depth + 1;
	p->stand_ins = b->stand_ins;
	if (p->depth > PARENTS_MAX)
		return cannot(b, "too many runs that undo one another");
	if (!run_id_ok(b->parent))
		return cannot(b, "the run that it undoes has no id");
	while (end && b->run_dir.p[end - 1] != '/')
		end--;
	dir = arena_printf(&b->c->arena, STR_FMT STR_FMT, STR_ARG(str_slice(b->run_dir, 0, end)), STR_ARG(b->parent));
	b->up = p;
	if (!rebuild_open(p, b->c, dir) || !rebuild_replay(p, b->secrets, b->mask))
		return cannot(b, "run " STR_FMT ", which it undoes: %.150s", STR_ARG(b->parent), p->why);
	if (!p->scan.sealed || !str_eqz(b->parent_head, p->scan.head))
		return cannot(b, "run " STR_FMT ", which it undoes, is not as it was then", STR_ARG(b->parent));
	b->engine = p->engine;
	b->lock = p->lock;
	p->engine = NULL;
	engine_rename(b->engine, b->run, b->setup.revision >= REVISION_3);
	return true;
}

static bool start_engine(struct rebuild *b)
{
	struct str error = { 0 };

	if (b->parent.n)
		return replay_parent(b);
	b->engine = engine_new(&b->setup);
	if (b->trace) {
		b->trace->files = &b->files;
		trace_attach(b->trace, b->engine);
	}
	return engine_prepare(b->engine, b->start, &b->lock, &error) || cannot(b, "%.*s", STR_ARG(error));
}

static void stop_engine(struct rebuild *b)
{
	replay_free(b->replay);
	engine_free(b->engine);
	b->replay = NULL;
	b->engine = NULL;
	if (b->up)
		rebuild_release(b->up);
	b->up = NULL;
}

/* What the trace of another round took down does not count. */
static void trace_again(struct rebuild *b)
{
	const struct mask *m = b->trace->mask;

	trace_release(b->trace);
	trace_init(b->trace, m);
}

/* False: it is not even begun, or the journal is damaged. */
static bool replay_once(struct rebuild *b)
{
	struct replay_options o = { .dir = b->run_dir.p, .mask = b->mask, .gone = b->setup.gone, .alike = &b->alike };

	stop_engine(b);
	if (!start_engine(b))
		return false;
	o.engine = b->engine;
	o.secrets = b->stand_ins ? b->l.program->secret_count : 0;
	if (b->trace)
		o.observer = trace_observer(b->trace);
	b->replay = replay_new(&o);
	journal_scan_file(journal_of(b, b->run_dir), &b->scan, on_record, b);
	if (b->scan.state == JOURNAL_CORRUPT || b->scan.state == JOURNAL_UNREADABLE)
		return cannot(b, "%.150s", b->scan.why);
	replay_end(b->replay, b->scan.sealed);
	return true;
}

/* A text first seen behind a capture may still be the value of a secret of the runbook, and
 * have been masked all along where no record shows it (in a file). True: that is worth a try. */
static bool from_the_start(struct rebuild *b)
{
	bool any = false;

	for (uint32_t i = 0; i < b->alike.count && b->stand_ins && b->l.program->secret_count; i++) {
		any = any || b->alike.list[i].from;
		b->alike.list[i].from = 0;
	}
	return any;
}

bool rebuild_replay(struct rebuild *b, const struct value *secrets, struct mask *m)
{
	unsigned round = 0;

	b->mask = m;
	b->secrets = secrets;
	b->alike.arena = &b->c->arena;
	if (!secrets) {
		b->stand_ins = true;
		make_stand_ins(b, m);
	}
	b->setup.secrets = b->secrets;
	b->setup.mask = m;
	if (b->hidden)
		(void)mask_add(m, b->setup.gone);
	do {
		b->alike.more = false;
		if (round && b->trace)
			trace_again(b);
		if (!replay_once(b))
			return false;
		if (replay_result(b->replay)->verdict == REPLAY_DIVERGED && !b->alike.more)
			b->alike.more = from_the_start(b);
	} while (b->alike.more && ++round < ROUNDS_MAX);
	return same(b);
}

void rebuild_release(struct rebuild *b)
{
	stop_engine(b);
	map_release(&b->files);
	source_release(&b->l);
}
