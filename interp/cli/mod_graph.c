#include "cli/mod_graph.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/file.h"
#include "cli/command.h"
#include "cli/origin.h"
#include "host/git_fetch.h"

/* mod_graph: breadth first from the runbooks of a folder; each version of a module once. */

enum { BOOKS_MAX = 1000 };

struct tag_list { struct str repo; struct str *names; struct git_id *objects; uint32_t count, cap; struct arena *a; struct tag_list *next; };

/* --- the folder ------------------------------------------------------------------ */

static bool read_file(void *arg, struct arena *a, struct str path, size_t max, struct git_entry *out, struct fault *f)
{
	const struct mod_graph *g = arg;
	const char *root = g->m.root;
	size_t n = strlen(root);
	char real[PATH_MAX];
	int err;

	if (!realpath(arena_printf(a, "%s/" STR_FMT, root, STR_ARG(path)).p, real))
		return fault_set(f, a, 420, "`" STR_FMT "` is not there", STR_ARG(path));
	if (strcmp(root, "/") && (strncmp(real, root, n) || real[n] != '/'))
		return fault_set(f, a, 422, "`" STR_FMT "` lies outside of the runbook's %s", STR_ARG(path), g->m.in_repository ? "repository" : "folder");
	err = file_read(a, real, max, &out->bytes);
	return !err || fault_set(f, a, 420, "`" STR_FMT "`: %s", STR_ARG(path), file_error(err));
}

/* Does it say that it is one? Other YAML files may lie beside runbooks. */
static bool is_runbook(struct str text)
{
	ptrdiff_t at = str_find(text, STR("\nrunbook:"));

	return str_starts(text, STR("runbook:")) || at >= 0;
}

static int by_name(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static bool find_books(struct mod_graph *g)
{
	struct arena *a = &g->c->arena;
	struct str below = str_of(g->dir + strlen(g->m.root));
	DIR *d = opendir(g->dir);
	struct dirent *e;

	if (!d) {
		cli_error("%s cannot be listed", g->dir);
		return false;
	}
	if (below.n && below.p[0] == '/')
		below = str_slice(below, 1, below.n);
	g->books = arena_array(a, BOOKS_MAX, sizeof(*g->books));
	while ((e = readdir(d)) && g->book_count < BOOKS_MAX) {
		struct str name = str_of(e->d_name), text;
		const char *path = arena_printf(a, "%s/%s", g->dir, e->d_name).p;

		if ((!str_ends(name, STR(".yml")) && !str_ends(name, STR(".yaml"))) || file_read(a, path, GIT_RUNBOOK_MAX, &text) || !is_runbook(text))
			continue;
		g->books[g->book_count++] = arena_printf(a, STR_FMT "%s%s", STR_ARG(below), below.n ? "/" : "", e->d_name);
	}
	(void)closedir(d);
	if (!g->book_count)
		cli_error("there is no runbook in %s", g->dir);
	else
		qsort(g->books, g->book_count, sizeof(*g->books), by_name);
	return g->book_count;
}

bool mod_graph_open(struct mod_graph *g, struct cli *c, const char *place)
{
	char real[PATH_MAX];
	struct stat st;

	*g = (struct mod_graph){ .c = c, .root = arena_alloc(&c->arena, sizeof(*g->root)), .policy = arena_alloc(&c->arena, sizeof(*g->policy)) };
	if (!realpath(place, real) || stat(real, &st)) {
		cli_error("%s: not there", place);
		return false;
	}
	if (!S_ISDIR(st.st_mode)) {
		char *slash = strrchr(real, '/');

		*(slash == real ? slash + 1 : slash) = 0;
	}
	g->dir = arena_str(&c->arena, real, strlen(real)).p;
	module_source_init(&g->m, c, g->root, g->dir, false);
	return policy_load(c, g->policy) && find_books(g);
}

void mod_graph_close(struct mod_graph *g)
{
	module_source_release(&g->m);
}

struct str mod_graph_place(const struct mod_graph *g, const struct mod_pin *by, const struct modtree_use *use)
{
	struct arena *a = &g->c->arena;

	if (!by)
		return arena_printf(a, STR_FMT ":%u", STR_ARG(use->path), use->line);
	return arena_printf(a, "git+" STR_FMT "//" STR_FMT "@" STR_FMT ":%u", STR_ARG(by->spec.repo), STR_ARG(use->path), STR_ARG(by->tag), use->line);
}

static bool say(const struct fault *f, struct str place)
{
	cli_error(STR_FMT "%serror[RB%d]: " STR_FMT, STR_ARG(place), place.n ? ": " : "", f->code, STR_ARG(f->text));
	if (f->help.n)
		cli_error("help: " STR_FMT, STR_ARG(f->help));
	return false;
}

/* --- versions ------------------------------------------------------------------------- */

static bool add_tag(void *arg, struct str name, const struct git_id *object)
{
	struct tag_list *t = arg;

	if (t->count == t->cap) {
		uint32_t cap = t->cap ? t->cap * 2 : 64;
		struct str *names = arena_array(t->a, cap, sizeof(*names));
		struct git_id *objects = arena_array(t->a, cap, sizeof(*objects));

		if (t->count) {
			memcpy(names, t->names, t->count * sizeof(*names));
			memcpy(objects, t->objects, t->count * sizeof(*objects));
		}
		t->names = names;
		t->objects = objects;
		t->cap = cap;
	}
	t->objects[t->count] = *object;
	t->names[t->count++] = arena_str(t->a, name.p, name.n);
	return t->count < GIT_TAGS_MAX;
}

static bool list_tags(struct mod_graph *g, const struct spec *spec, struct tag_list *t, struct fault *f)
{
	struct arena *a = &g->c->arena;
	bool file = str_starts(spec->repo, STR("file://"));
	struct git_upstream from = { .url = spec->repo, .cache = g->policy->cache, .offline = g->policy->offline };
	struct git *git = git_load(a, f);
	struct git_repo *r = NULL;
	struct git_place place;
	bool ok = git;

	if (ok && file)
		ok = git_at(a, arena_printf(a, STR_FMT, STR_ARG(str_slice(spec->repo, 7, spec->repo.n))).p, &place, f) &&
		     (r = git_open(git, a, &place, spec->repo, f)) && git_tags(r, a, add_tag, t, f);
	else if (ok)
		ok = git_fetch_tags(git, a, &from, add_tag, t, f);
	git_close(r);
	git_unload(git);
	return ok;
}

static struct tag_list *tags_of(struct mod_graph *g, const struct spec *spec, struct fault *f)
{
	struct tag_list *t = g->tags;

	while (t && !str_eq(t->repo, spec->repo))
		t = t->next;
	if (t)
		return t;
	t = arena_alloc(&g->c->arena, sizeof(*t));
	*t = (struct tag_list){ .repo = spec->repo, .a = &g->c->arena, .next = g->tags };
	if (!list_tags(g, spec, t, f))
		return NULL;
	g->tags = t;
	return t;
}

/* The lowest tag that is not below what is wanted; a pre-release only if it is that very one. */
static bool lowest_tag(struct mod_graph *g, const struct spec *spec, const struct version *want, struct str *out, struct fault *f)
{
	struct arena *a = &g->c->arena;
	struct tag_list *t = tags_of(g, spec, f);
	struct version best = { 0 }, v;
	uint32_t at = 0, twin = 0;

	*out = STR("");
	for (uint32_t i = 0; t && i < t->count; i++) {
		int c;

		if (!version_parse(t->names[i], &v) || !modlock_same_major(&v, want) || version_cmp(&v, want) < 0 || (v.pre.n && version_cmp(&v, want)))
			continue;
		c = out->n ? version_cmp(&v, &best) : -1;
		if (c > 0)
			continue;
		twin = c ? UINT32_MAX : i;
		if (c || (v.v && !best.v)) {
			twin = c ? twin : at;
			at = i;
			best = v;
			*out = t->names[i];
		}
	}
	if (!t)
		return false;
	if (!out->n) {
		fault_set(f, a, 402, STR_FMT " has no version " STR_FMT " or above (of that major version)", STR_ARG(spec->repo), STR_ARG(spec->version));
		return fault_help(f, a, "`git tag` lists the versions there");
	}
	if (twin != UINT32_MAX && strcmp(t->objects[twin].hex, t->objects[at].hex)) {
		fault_set(f, a, 414, "`" STR_FMT "` and `" STR_FMT "` of " STR_FMT " are the same version", STR_ARG(*out), STR_ARG(t->names[twin]), STR_ARG(spec->repo));
		return fault_help(f, a, "ask for the next one, or let one of the two be deleted");
	}
	return true;
}

/* --- pins ------------------------------------------------------------------------------- */

static struct mod_pin *find_pin(const struct mod_graph *g, struct str source, struct str tag)
{
	for (uint32_t i = 0; i < g->count; i++)
		if (str_eq(g->pins[i]->tag, tag) && str_eq(g->pins[i]->source, source))
			return g->pins[i];
	return NULL;
}

/* The highest version of the first walk that can stand for what is wanted. */
static const struct mod_pin *chosen(const struct mod_graph *g, struct str source, const struct version *want)
{
	const struct mod_pin *best = NULL;

	for (uint32_t i = 0; i < g->count; i++) {
		const struct mod_pin *p = g->pins[i];

		if (!p->named && str_eq(p->source, source) && modlock_same_major(&p->version, want) && (!best || version_cmp(&p->version, &best->version) > 0))
			best = p;
	}
	return best;
}

/* At a tag or a commit, from the objects. */
static bool open_pin(struct mod_graph *g, struct mod_pin *p, struct fault *f)
{
	struct arena *a = &g->c->arena;
	struct modtree *b = arena_alloc(a, sizeof(*b));
	struct origin *o;

	if (!spec_parse(a, arena_printf(a, STR_FMT "@" STR_FMT, STR_ARG(p->source), STR_ARG(p->tag)), &p->spec, f) ||
	    !policy_allows(g->c, g->policy, p->source, f))
		return false;
	o = others_commit(&g->m.others, &p->spec, f);
	if (!o || !others_tree(a, o, p->spec.path, b, f))
		return false;
	p->commit = str_of(o->found.commit.hex);
	p->tree = b;
	return true;
}

/* What a `uses` stands for. NULL after a fault. */
static struct mod_pin *pin_of(struct mod_graph *g, const struct modtree_use *use, bool locked, bool *fresh, struct fault *f)
{
	struct arena *a = &g->c->arena;
	const struct spec *spec = &use->spec;
	struct mod_pin *p, wanted = { .source = arena_printf(a, "git+" STR_FMT "//" STR_FMT, STR_ARG(spec->repo), STR_ARG(spec->path)), .use = use };
	const struct mod_pin *known = NULL;

	wanted.named = spec_is_id(spec->version, 40);
	wanted.tag = spec->version;
	if (!wanted.named && (locked || !version_parse(spec->version, &wanted.version))) {
		wanted.locked = others_locked(&g->m.others, spec, f); /* also says what is wrong with the version */
		if (!wanted.locked)
			return NULL;
		wanted.tag = wanted.locked->line->tag;
	} else if (!wanted.named && g->choice) {
		known = chosen(g->choice, wanted.source, &wanted.version);
		wanted.tag = known->tag;
	} else if (!wanted.named && (!policy_allows(g->c, g->policy, wanted.source, f) || !lowest_tag(g, spec, &wanted.version, &wanted.tag, f))) {
		return NULL;
	}
	p = find_pin(g, wanted.source, wanted.tag);
	*fresh = !p;
	if (p)
		return p;
	if (g->count == MOD_PINS_MAX)
		return fault_set(f, a, 424, "the modules of these runbooks are more than 1,000"), NULL;
	p = arena_alloc(a, sizeof(*p));
	*p = wanted;
	(void)version_parse(p->tag, &p->version);
	if (p->locked) {
		p->spec = p->locked->line->spec;
		p->commit = p->locked->line->commit;
		p->tree = &p->locked->tree;
	} else if (known || (g->choice && (known = find_pin(g->choice, wanted.source, wanted.tag)))) {
		p->spec = known->spec;
		p->commit = known->commit;
		p->tree = known->tree;
	} else if (!open_pin(g, p, f)) {
		return NULL;
	}
	g->pins[g->count++] = p;
	return p;
}

static bool take_uses(struct mod_graph *g, const struct mod_pin *by, const struct modtree *b, bool locked)
{
	for (uint32_t i = 0; i < b->use_count; i++) {
		struct fault f = { 0 };
		bool fresh;
		struct mod_pin *p = pin_of(g, &b->uses[i], locked, &fresh, &f);

		if (!p)
			return say(&f, mod_graph_place(g, by, &b->uses[i]));
		if (fresh)
			p->by = by;
	}
	return true;
}

static bool walk(struct mod_graph *g, bool locked)
{
	g->pins = arena_array(&g->c->arena, MOD_PINS_MAX, sizeof(struct mod_pin *));
	g->count = 0;
	if (!take_uses(g, NULL, &g->top, locked))
		return false;
	for (uint32_t i = 0; i < g->count; i++)
		if (!take_uses(g, g->pins[i], g->pins[i]->tree, locked))
			return false;
	return true;
}

static bool read_books(struct mod_graph *g)
{
	struct modtree_reader r = { read_file, g };
	struct fault f = { 0 };

	return modtree_uses(&g->c->arena, &r, g->books, g->book_count, &g->top, &f) || say(&f, STR(""));
}

bool mod_graph_resolve(struct mod_graph *g)
{
	struct mod_graph first;

	if (!read_books(g) || !walk(g, false))
		return false;
	first = *g;
	g->choice = &first;
	if (!walk(g, false))
		return false;
	g->choice = NULL;
	return true;
}

bool mod_graph_locked(struct mod_graph *g)
{
	return read_books(g) && walk(g, true);
}
