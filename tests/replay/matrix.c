#include <stdlib.h>
#include "../unit/random_trouble.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/kept_modules.h"
#include "cli/rebuild.h"
#include "journal/mask.h"
#include "journal/state.h"
#include "report/report.h"
#include "value/json.h"
#include "value/units.h"

/*
 * matrix: whether runs are a function of their journal, wherever they are replayed.
 *
 *   matrix make BOOKS STATE   runs each runbook of a file of gen.py in the scripted world of
 *                             tests/unit/world.h, with random trouble, and leaves run folders as
 *                             the real runner does: journal, blobs
 *   matrix replay STATE       replays them all, makes all reports of each
 *
 * Both print what they did and end with `digest HEX` over all bytes that they made: journals,
 * or replayed records and reports. Builds, zones, locales and folders must not change it.
 */

enum { BOOK_END = 0x1e, BIG = 6000, BOOKS_MAX = 512 << 20 };
static const char token[] = "secret-token-0815-4711";

struct totals {
	uint64_t runs, records, blobs, status[RUN_STATUSES], dry, type_count;
	struct { char name[32]; uint64_t n; } types[64];
	char digest[65];
};

/* digest = SHA-256(digest, bytes) */
static void fold(struct totals *t, struct str bytes)
{
	struct buf b;

	buf_init(&b, bytes.n + 65);
	buf_addz(&b, t->digest);
	buf_adds(&b, bytes);
	digest_hex(buf_str(&b), t->digest);
	buf_release(&b);
}

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/* --- make ---------------------------------------------------------------------------- */

static void hide(void *ctx, struct str secret)
{
	struct mask *m = (struct mask *)(uintptr_t)((struct world *)ctx)->mask;

	(void)mask_add(m, secret);
}

static const struct effects kept_effects = { world_record, world_flush, world_start, world_stop, world_wait, hide };

/* An id that sorts as the seeds do. */
static void id_of(uint64_t seed, char id[RUN_ID_LEN + 1])
{
	snprintf(id, RUN_ID_LEN + 1, "01m7ydxrwv%016llu", (unsigned long long)seed);
}

static void keep(const char *dir, struct str bytes, char hex[65])
{
	int err = blob_write(dir, bytes, false, hex);

	if (err)
		die("%s: %s", dir, strerror(err));
}

static void put_files(struct jsonw *w, const char *dir, const struct unit *u)
{
	char hex[65];

	jsonw_key(w, "files");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < u->rb->files.count; i++) {
		keep(dir, STR("data\n"), hex);
		jsonw_open(w, '{');
		jsonw_kstr(w, "path", u->rb->files.list[i]);
		jsonw_kstr(w, "sha256", str_of(hex));
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static void put_modules(struct jsonw *w, const char *dir, const struct program *p)
{
	char hex[65];

	if (p->unit_count < 2)
		return;
	jsonw_key(w, "modules");
	jsonw_open(w, '[');
	for (uint32_t i = 1; i < p->unit_count; i++) {
		const struct unit *u = p->units[i];

		keep(dir, u->rb->source->text, hex);
		jsonw_open(w, '{');
		jsonw_kstr(w, "name", u->name);
		jsonw_kstr(w, "key", u->from.key);
		jsonw_kstr(w, "sha256", str_of(hex));
		jsonw_kstr(w, "path", u->rb->source->name);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	kept_put_uses(p, w);
}

/* run.open, as cli/runner.c makes it. */
static void put_open(struct world *w, struct run_setup *s, struct str lock, struct str program, struct buf *out)
{
	const struct runbook *rb = s->program->rb;
	struct buf t;
	struct jsonw j;

	jsonw_init(&j, out);
	jsonw_kstr(&j, "t", STR("run.open"));
	jsonw_kint(&j, "v", 1);
	jsonw_kstr(&j, "run", s->run_id);
	jsonw_kstr(&j, "program", program);
	jsonw_kstr(&j, "version", STR(RUNBOOK_VERSION));
	jsonw_kstr(&j, "runbook", rb->name);
	jsonw_kstr(&j, "path", STR("test.yml")); /* as world.h calls it */
	jsonw_kstr(&j, "dir", str_of(s->dir));
	jsonw_key(&j, "inputs");
	jsonw_open(&j, '{');
	for (uint32_t i = 0; i < rb->input_count; i++) {
		buf_init(&t, 1 << 20);
		json_print_typed(s->inputs[i], &t);
		jsonw_key(&j, rb->inputs[i].name.p);
		jsonw_raw(&j, buf_str(&t));
		buf_release(&t);
	}
	jsonw_close(&j, '}');
	buf_init(&t, 64);
	unit_put_time(&t, world_wall(w) / 1000 * 1000);
	jsonw_kstr(&j, "start", buf_str(&t));
	buf_release(&t);
	jsonw_kstr(&j, "operator", s->operator_name);
	jsonw_kstr(&j, "user", s->user);
	jsonw_kint(&j, "uid", s->uid);
	jsonw_kstr(&j, "host", STR("world"));
	jsonw_kstr(&j, "seed", s->seed);
	jsonw_kbool(&j, "dry", s->dry_run);
	jsonw_kbool(&j, "sync", false);
	jsonw_kbool(&j, "interactive", s->interactive);
	jsonw_kint(&j, "steps", rb->step_count);
	if (lock.n)
		jsonw_kstr(&j, "lock", lock);
	jsonw_kint(&j, "revision", s->revision);
	jsonw_kstr(&j, "plan", s->plan);
	if (s->outside_window.n)
		jsonw_kstr(&j, "outside_window", s->outside_window);
	put_files(&j, w->dir, s->program->units[0]);
	put_modules(&j, w->dir, s->program);
}

/* Values of secrets, and what hides them. */
static void set_secrets(struct world *w, struct run_setup *s, struct mask *m)
{
	struct value *list = (struct value *)(uintptr_t)s->secrets;

	for (uint32_t i = 0; i < s->program->secret_count; i++) {
		struct str name = s->program->secrets[i].secret->name;

		list[i] = value_str(str_eqz(name, "addr") ? STR("http://world/200/hook-4711") : arena_printf(&w->arena, "secret-" STR_FMT "-0815-4711", STR_ARG(name)));
		list[i].flags = VALUE_SECRET;
		(void)mask_add(m, value_text(list[i]));
	}
}

static enum run_status drive(struct world *w, struct run_setup *s, struct str text, struct mask *m)
{
	struct journal_options jo = { .dir = w->dir, .run_id = s->run_id, .no_sync = true, .no_ballast = true, .mask = m };
	struct str lock = { 0 }, error = { 0 };
	enum run_status status = RUN_RUNNING;
	struct engine *e;
	struct buf open;
	char hex[65];
	int err;

	keep(w->dir, text, hex);
	jo.program_digest = str_of(hex);
	buf_init(&open, 1 << 20);
	e = engine_new(s);
	if (!engine_prepare(e, world_wall(w) / 1000 * 1000, &lock, &error))
		die("%.*s: %.*s", STR_ARG(s->run_id), STR_ARG(error));
	put_open(w, s, lock, str_of(hex), &open);
	s->open_body = buf_str(&open);
	w->journal = journal_create(&jo, &err);
	if (!w->journal)
		die("%s: %s", w->dir, strerror(err));
	engine_attach(e, &kept_effects, w);
	(void)engine_drive(e, &(struct event){ .kind = EVENT_START }, &status, &err);
	if (err)
		die("%s: the journal: %s", w->dir, strerror(err));
	engine_free(e);
	journal_free(w->journal);
	w->journal = NULL;
	buf_release(&open);
	return status;
}

static void trouble(struct world *w, struct book *b, const char *answers[5])
{
	static const char *const said[] = { "yes", "yes", "retry", "skip", "rollback", "no", "hold", NULL };

	set_trouble(b, w);
	w->fail_flush_at = 0;
	for (int i = 0; i < 5; i++)
		answers[i] = said[dice(b, chance(b, 30) ? 8 : 5)];
	answers[4] = "rollback";
	w->answers = answers;
	w->answer_count = 5;
	w->crowd = true;
	w->outside_window = chance(b, 50) ? "it is urgent" : NULL;
	w->leak = STR("has secret-token-0815-4711 in it\nand 7\n");
	buf_init(&w->big, BIG * 2);
	for (int i = 0; w->big.len < BIG; i++)
		buf_printf(&w->big, "line %d\n", i);
}

static void make_one(const char *state, struct str text, uint64_t seed, struct totals *t)
{
	struct book b = { .rnd = (seed + 1) * 0x9e3779b97f4a7c15ULL };
	char id[RUN_ID_LEN + 1];
	const char *answers[5];
	struct run_setup s;
	struct world w;
	struct mask *m = mask_new();
	struct program *p;
	struct str journal;
	int err;

	world_init(&w);
	w.seed = seed;
	trouble(&w, &b, answers);
	id_of(seed, id);
	err = run_dir_create(state, id, false);
	if (err)
		die("%s: %s", state, strerror(err));
	w.dir = arena_printf(&w.arena, "%s/runs/%s", state, id).p;
	w.mask = m;
	p = world_setup(&w, arena_str(&w.arena, text.p, text.n).p, &s);
	if (!p)
		die("seed %llu: the runbook is not valid", (unsigned long long)seed);
	s.run_id = str_of(id);
	s.plan = STR("plan");
	s.mask = m;
	set_secrets(&w, &s, m);
	t->status[drive(&w, &s, p->units[0]->rb->source->text, m)]++;
	t->dry += w.dry;
	t->runs++;
	if (file_read(&w.arena, arena_printf(&w.arena, "%s/journal.jsonl", w.dir).p, BOOKS_MAX, &journal))
		die("%s: no journal", w.dir);
	if (str_find(journal, str_of(token)) >= 0)
		die("seed %llu: a secret is in the journal", (unsigned long long)seed);
	fold(t, journal);
	program_release(p);
	mask_free(m);
	world_release(&w);
}

static int make(const char *books, const char *state, struct totals *t)
{
	struct arena a;
	struct str all;

	arena_init(&a);
	if (file_read(&a, books, BOOKS_MAX, &all))
		die("%s cannot be read", books);
	for (size_t at = 0; at < all.n;) {
		const char *end = memchr(all.p + at, BOOK_END, all.n - at);

		make_one(state, str_slice(all, at, (size_t)(end - all.p)), t->runs, t);
		at = (size_t)(end - all.p) + 1;
	}
	arena_release(&a);
	for (int i = 0; i < RUN_STATUSES; i++)
		if (t->status[i])
			printf("# %s %llu\n", run_status_names[i], (unsigned long long)t->status[i]);
	printf("# dry-runs %llu\n", (unsigned long long)t->dry);
	return 0;
}

/* --- replay ---------------------------------------------------------------------------- */

static void count_type(struct totals *t, struct str type)
{
	uint64_t i = 0;

	while (i < t->type_count && !str_eqz(type, t->types[i].name))
		i++;
	if (i == t->type_count && i < 64)
		snprintf(t->types[t->type_count++].name, 32, STR_FMT, STR_ARG(type));
	t->types[i].n++;
}

static void on_same(void *arg, const struct record *r)
{
	struct totals *t = arg;

	t->records++;
	count_type(t, r->t);
	fold(t, r->line);
}

static bool reports(struct arena *a, const char *dir, struct totals *t)
{
	struct report r;
	struct buf out;
	bool ok = report_read(a, arena_printf(a, "%s/journal.jsonl", dir).p, false, &r);

	for (int format = REPORT_TEXT; format <= REPORT_JUNIT && ok; format++) {
		buf_init(&out, REPORT_BYTES_MAX);
		ok = report_make(&r, dir, (enum report_format)format, &out) && out.len;
		fold(t, buf_str(&out));
		buf_release(&out);
	}
	return ok;
}

static bool replay_one(const char *state, struct str id, struct totals *t)
{
	struct cli c = { 0 };
	struct rebuild b = { .each = on_same, .arg = t };
	struct mask *m = mask_new();
	struct str dir;
	bool ok;

	arena_init(&c.arena);
	dir = arena_printf(&c.arena, "%s/runs/" STR_FMT, state, STR_ARG(id));
	ok = rebuild_open(&b, &c, dir) && rebuild_replay(&b, NULL, m);
	if (!ok)
		printf("# " STR_FMT " %s: %s\n", STR_ARG(id), b.diverged ? "diverged" : "cannot", b.why);
	ok = reports(&c.arena, dir.p, t) && ok;
	rebuild_release(&b);
	mask_free(m);
	arena_release(&c.arena);
	t->runs++;
	return ok;
}

static int replay(const char *state, struct totals *t)
{
	uint64_t bad = 0;
	struct str *ids;
	struct arena a;
	uint32_t n;

	arena_init(&a);
	if (run_list(&a, state, &ids, &n))
		die("%s cannot be read", state);
	for (uint32_t i = n; i-- > 0;)
		bad += !replay_one(state, ids[i], t);
	arena_release(&a);
	printf("#");
	for (uint64_t i = 0; i < t->type_count; i++)
		printf(" %s %llu", t->types[i].name, (unsigned long long)t->types[i].n);
	printf("\n# %llu runs replayed, %llu identical, %llu records\n", (unsigned long long)t->runs, (unsigned long long)(t->runs - bad),
	       (unsigned long long)t->records);
	return bad != 0;
}

int main(int argc, char **argv)
{
	struct totals t = { .digest = "" };
	int rc;

	tzset();
	if (argc == 4 && !strcmp(argv[1], "make"))
		rc = make(argv[2], argv[3], &t);
	else if (argc == 3 && !strcmp(argv[1], "replay"))
		rc = replay(argv[2], &t);
	else
		die("matrix make BOOKS STATE | matrix replay STATE");
	printf("digest %s\n", t.digest);
	return rc;
}
