#include "cli/whatif.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/visible.h"
#include "journal/state.h"

/* whatif_corpus: all runs of a folder: which would have gone otherwise. */

enum fail_on { FAIL_DIFFERENT, FAIL_MAY, FAIL_FLIP };

int whatif_fail_on(struct cli *c)
{
	static const char *const words[] = { "different", "may", "flip" };
	const char *text = cli_arg(c, "fail-on");

	if (text && !cli_has(c, "corpus")) {
		cli_usage(c, "--fail-on is for --corpus");
		return -1;
	}
	for (int i = 0; text && i < 3; i++)
		if (!strcmp(text, words[i]))
			return i;
	if (text)
		cli_usage(c, "--fail-on needs different, may or flip, this is `%s`", text);
	return text ? -1 : FAIL_DIFFERENT;
}

struct corpus {
	struct cli *c;
	const struct whatif_source *src;
	const char *dir;
	bool json;
	struct buf out;
	uint32_t asked, different, may_flip, flips, damaged;
	uint32_t other, undo, dry, open; /* left out: of other runbooks, undoing, dry-runs, not ended */
};

/* Folders of runs in dir, or in its `runs`, sorted. False after a message. */
static bool list_dirs(struct corpus *k, struct str **names, uint32_t *n)
{
	struct arena *a = &k->c->arena;
	const char *runs = arena_printf(a, "%s/runs", k->dir).p;
	DIR *d = opendir(runs);
	struct dirent *e;
	uint32_t cap = 0;

	*names = NULL;
	*n = 0;
	if (d)
		k->dir = runs;
	else
		d = opendir(k->dir);
	if (!d) {
		cli_error("--corpus %s: %s", k->dir, strerror(errno));
		return false;
	}
	while ((e = readdir(d))) {
		if (!run_id_ok(str_of(e->d_name)))
			continue;
		MEM_ROOM(*names, *n, cap, 64);
		(*names)[(*n)++] = arena_str(a, e->d_name, strlen(e->d_name));
	}
	closedir(d);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void cell(struct buf *out, struct str s, size_t width)
{
	size_t w = visible_width(s);

	visible_add(out, s);
	buf_fill(out, ' ', w < width ? width - w : 1);
}

/* "ok", "ok or rolled_back". */
static void put_predicted(const struct whatif_result *r, struct buf *out)
{
	buf_addz(out, whatif_status(r, 0));
	for (uint32_t i = 1; i < r->outcome_count; i++)
		buf_printf(out, " or %s", whatif_status(r, i));
	if (!r->exhaustive)
		buf_addz(out, " or other");
}

static void put_row(struct corpus *k, struct str id, const struct whatif_case *w)
{
	const struct whatif_result *r = w->res;
	struct buf text;
	const char *sep = "";

	buf_init(&text, 4096);
	put_predicted(r, &text);
	cell(&k->out, id, 28);
	cell(&k->out, str_of(whatif_was(w)), 20);
	cell(&k->out, buf_str(&text), 30);
	cell(&k->out, str_of(r->flips ? "flips" : r->may_flip ? "may flip" : r->different ? "-" : "same"), 9);
	for (int i = 0; i < WHATIF_CLASSES; i++)
		if (r->classes[i]) {
			buf_printf(&k->out, "%s%u %s", sep, r->classes[i], whatif_class_names[i]);
			sep = ", ";
		}
	if (r->refused.n) {
		buf_addz(&k->out, "would not start: ");
		whatif_put(w, &k->out, r->refused);
	}
	buf_addc(&k->out, '\n');
	buf_release(&text);
}

static void put_row_json(struct corpus *k, struct str id, const struct whatif_case *w)
{
	const struct whatif_result *r = w->res;
	struct jsonw j;

	jsonw_init(&j, &k->out);
	if (k->out.len && k->out.p[k->out.len - 1] == '}')
		buf_addc(&k->out, ',');
	jsonw_open(&j, '{');
	jsonw_kstr(&j, "run", id);
	jsonw_kstr(&j, "recorded", str_of(whatif_was(w)));
	jsonw_key(&j, "predicted");
	jsonw_open(&j, '[');
	for (uint32_t i = 0; i == 0 || i < r->outcome_count; i++)
		jsonw_str(&j, str_of(whatif_status(r, i)));
	jsonw_close(&j, ']');
	jsonw_kbool(&j, "exhaustive", r->exhaustive);
	jsonw_kbool(&j, "different", r->different);
	jsonw_kbool(&j, "may_flip", r->may_flip);
	jsonw_kbool(&j, "flips", r->flips);
	jsonw_key(&j, "classes");
	jsonw_open(&j, '{');
	for (int i = 0; i < WHATIF_CLASSES; i++)
		jsonw_kint(&j, whatif_class_names[i], r->classes[i]);
	jsonw_close(&j, '}');
	jsonw_close(&j, '}');
}

static void ask_one(struct corpus *k, struct str id)
{
	struct str dir = arena_printf(&k->c->arena, "%s/" STR_FMT, k->dir, STR_ARG(id));
	struct whatif_case w;

	whatif_ask(&w, k->c, dir, k->src);
	if (w.asked == ASKED_OTHER) {
		k->other++;
	} else if (w.asked == ASKED_UNDO) {
		k->undo++;
	} else if (w.asked == ASKED_CANNOT) {
		k->damaged++;
		cli_error("run " STR_FMT ": " STR_FMT, STR_ARG(id), STR_ARG(w.why));
	} else if (w.b.dry) {
		k->dry++;
	} else if (!w.was.ended) {
		k->open++;
	} else {
		k->asked++;
		k->different += w.res->different;
		k->may_flip += w.res->may_flip;
		k->flips += w.res->flips;
		if (k->json)
			put_row_json(k, id, &w);
		else
			put_row(k, id, &w);
	}
	whatif_close(&w);
}

static const struct { const char *name, *words; size_t at; } left_out[] = {
	{ "other", "of other runbooks", offsetof(struct corpus, other) },
	{ "undo", "that undo others", offsetof(struct corpus, undo) },
	{ "dry", "dry-runs", offsetof(struct corpus, dry) },
	{ "open", "not ended", offsetof(struct corpus, open) },
};

static uint32_t count_of(const struct corpus *k, size_t i)
{
	return *(const uint32_t *)(const void *)((const char *)k + left_out[i].at);
}

static void put_end(struct corpus *k)
{
	const char *sep = "left out: ";

	buf_printf(&k->out, "%u runs: %u the same, %u otherwise; %u may end otherwise, %u would\n", k->asked, k->asked - k->different,
		   k->different, k->may_flip - k->flips, k->flips);
	for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		if (count_of(k, i)) {
			buf_printf(&k->out, "%s%u %s", sep, count_of(k, i), left_out[i].words);
			sep = ", ";
		}
	if (*sep == ',')
		buf_addc(&k->out, '\n');
	if (k->damaged)
		buf_printf(&k->out, "%u cannot be replayed\n", k->damaged);
}

static void put_end_json(struct corpus *k)
{
	struct jsonw w;

	buf_addc(&k->out, ']');
	jsonw_init(&w, &k->out);
	w.comma = true;
	jsonw_kint(&w, "asked", k->asked);
	jsonw_kint(&w, "different", k->different);
	jsonw_kint(&w, "may_flip", k->may_flip);
	jsonw_kint(&w, "flips", k->flips);
	jsonw_kint(&w, "damaged", k->damaged);
	jsonw_key(&w, "left_out");
	jsonw_open(&w, '{');
	for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		jsonw_kint(&w, left_out[i].name, count_of(k, i));
	jsonw_close(&w, '}');
	buf_addz(&k->out, "}\n");
}

static void put_begin_json(struct corpus *k)
{
	struct jsonw w;

	jsonw_init(&w, &k->out);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "t", STR("whatif.corpus"));
	jsonw_kstr(&w, "against", str_of(k->src->name));
	jsonw_kstr(&w, "sha256", str_of(k->src->l.digest));
	jsonw_key(&w, "runs");
	buf_addc(&k->out, '[');
}

int whatif_corpus(struct cli *c, const struct whatif_source *src, const char *dir, bool json)
{
	struct corpus k = { .c = c, .src = src, .dir = dir, .json = json };
	int fail_on = whatif_fail_on(c);
	struct str *names;
	uint32_t n, bad;

	if (!list_dirs(&k, &names, &n))
		return EXIT_USAGE;
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	buf_init(&k.out, 256 << 20);
	if (json)
		put_begin_json(&k);
	else
		buf_addz(&k.out, "RUN                         RECORDED            PREDICTED                     OUTCOME  STEPS\n");
	for (uint32_t i = 0; i < n; i++)
		ask_one(&k, names[i]);
	if (json)
		put_end_json(&k);
	else
		put_end(&k);
	cli_out(buf_str(&k.out));
	buf_release(&k.out);
	mem_free(names);
	bad = fail_on == FAIL_FLIP ? k.flips : fail_on == FAIL_MAY ? k.may_flip : k.different;
	if (k.damaged)
		return EXIT_DAMAGED;
	if (!k.asked) {
		cli_error("--corpus %s: no run there of runbook `" STR_FMT "` has ended", dir, STR_ARG(src->l.program->rb->name));
		return EXIT_USAGE;
	}
	return bad ? EXIT_FAILED : EXIT_OK;
}
