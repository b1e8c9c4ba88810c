#include "cli/modtree.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/map.h"
#include "journal/output.h"
#include "syntax/runbook.h"

/* modtree: a walk over `uses` and `files:`; each file once. */

struct walk {
	struct arena *a;
	const struct modtree_reader *r;
	struct fault *f;
	struct modtree *b;
	struct map seen;           /* path -> modtree_file; also the order of the walk */
	struct map books;          /* those that are runbooks */
	uint32_t use_cap;
	size_t bytes;
	bool uses_only;
};

bool modtree_join(struct arena *a, struct str from, struct str path, struct str *out)
{
	char *at = arena_alloc(a, from.n + path.n + 2);
	size_t n = from.n;

	memcpy(at, from.p, from.n);
	while (n && at[n - 1] != '/')
		n--;
	for (size_t i = 0; i < path.n;) {
		const char *slash = memchr(path.p + i, '/', path.n - i);
		struct str part = str_slice(path, i, slash ? (size_t)(slash - path.p) : path.n);

		i += part.n + 1;
		if (str_eqz(part, "..")) {
			if (!n)
				return false;
			for (n--; n && at[n - 1] != '/';)
				n--;
		} else if (part.n && !str_eqz(part, ".")) {
			memcpy(at + n, part.p, part.n);
			n += part.n;
			if (i <= path.n)
				at[n++] = '/';
		}
	}
	at[n] = 0;
	*out = (struct str){ at, n };
	return true;
}

static bool read_one(struct walk *w, struct str path, size_t max, struct modtree_file **out)
{
	struct modtree_file *file = map_get(&w->seen, path);
	struct git_entry e = { .mode = GIT_FILE };

	*out = file;
	if (file)
		return true;
	if (w->seen.count == MODTREE_FILES_MAX)
		return fault_set(w->f, w->a, 424, "a module is made of more than 1,000 files");
	if (!w->r->read(w->r->arg, w->a, path, max, &e, w->f))
		return false;
	w->bytes += e.bytes.n;
	if (w->bytes > MODTREE_BYTES_MAX)
		return fault_set(w->f, w->a, 407, "a module and its files have more than 256 MiB");
	file = arena_alloc(w->a, sizeof(*file));
	*file = (struct modtree_file){ .path = path, .bytes = e.bytes, .mode = e.mode };
	*out = file;
	(void)map_add(&w->seen, path, file);
	return true;
}

static void add_use(struct walk *w, const struct spec *spec, struct str path, uint32_t line)
{
	struct modtree *b = w->b;

	if (b->use_count == w->use_cap) {
		uint32_t cap = w->use_cap ? w->use_cap * 2 : 8;
		struct modtree_use *more = arena_array(w->a, cap, sizeof(*more));

		if (b->use_count)
			memcpy(more, b->uses, b->use_count * sizeof(*more));
		b->uses = more;
		w->use_cap = cap;
	}
	b->uses[b->use_count++] = (struct modtree_use){ *spec, path, line };
}

/* What one runbook names. A path above the root is found by whoever loads it, with its place. */
static bool take_runbook(struct walk *w, struct str path, const struct runbook *rb)
{
	struct modtree_file *file;
	struct str to;

	for (uint32_t i = 0; i < rb->use_count; i++) {
		const struct act_uses *use = &rb->uses[i]->uses;
		struct fault none;
		struct spec spec;

		if (!spec_parse(w->a, use->source, &spec, &none))
			continue;
		if (spec.kind == SPEC_GIT)
			add_use(w, &spec, path, source_locate(rb->source, use->span.start).line);
		else if (spec.kind == SPEC_FILE && modtree_join(w->a, path, spec.text, &to))
			(void)map_add(&w->books, to, w);
	}
	for (uint32_t i = 0; i < rb->files.count && !w->uses_only; i++)
		if (modtree_join(w->a, path, rb->files.list[i], &to) && !read_one(w, to, GIT_FILE_MAX, &file))
			return false;
	return true;
}

static bool walk_books(struct walk *w, size_t roots)
{
	for (size_t i = 0; i < w->books.count; i++) {
		struct str path = w->books.entries[i].key;
		struct modtree_file *file;
		const struct source *src;
		struct runbook *rb;
		struct diags ds;
		bool ok = true;

		if (!read_one(w, path, GIT_RUNBOOK_MAX, &file))
			return false;
		diags_init(&ds, w->a);
		src = source_new(w->a, path, file->bytes);
		rb = w->uses_only && i < roots ? runbook_parse(w->a, src, &ds) : runbook_parse_module(w->a, src, 0, 0, &ds);
		if (rb)
			ok = take_runbook(w, path, rb);
		diags_release(&ds);
		if (!ok)
			return false;
	}
	return true;
}

static int by_path(const void *x, const void *y)
{
	return str_cmp(((const struct modtree_file *)x)->path, ((const struct modtree_file *)y)->path);
}

/* Sorts and sums up. Names that a folder which folds case could not keep apart are refused. */
static bool finish(struct walk *w)
{
	struct modtree *b = w->b;
	struct map folded;
	struct buf sum;
	bool ok = true;

	b->files = arena_array(w->a, w->seen.count + 1, sizeof(*b->files));
	for (; b->count < w->seen.count; b->count++)
		b->files[b->count] = *(struct modtree_file *)w->seen.entries[b->count].value;
	qsort(b->files, b->count, sizeof(*b->files), by_path);
	map_init(&folded);
	buf_init(&sum, 8 << 20);
	for (uint32_t i = 0; i < b->count && ok; i++) {
		struct str low = arena_str(w->a, b->files[i].path.p, b->files[i].path.n);

		for (size_t k = 0; k < low.n; k++)
			if (low.p[k] >= 'A' && low.p[k] <= 'Z')
				((char *)low.p)[k] = (char)(low.p[k] - 'A' + 'a');
		ok = map_add(&folded, low, w) ||
		     fault_set(w->f, w->a, 406, "`" STR_FMT "` differs from another name in the case of letters only", STR_ARG(b->files[i].path));
		digest_hex(b->files[i].bytes, b->files[i].sha256);
		buf_printf(&sum, "%06o %s " STR_FMT "\n", (unsigned)b->files[i].mode, b->files[i].sha256, STR_ARG(b->files[i].path));
	}
	digest_hex(buf_str(&sum), b->digest);
	buf_release(&sum);
	map_release(&folded);
	return ok;
}

static bool run(struct walk *w, const struct str *paths, uint32_t count)
{
	bool ok;

	*w->b = (struct modtree){ 0 };
	map_init(&w->seen);
	map_init(&w->books);
	for (uint32_t i = 0; i < count; i++)
		(void)map_add(&w->books, paths[i], w);
	ok = walk_books(w, w->books.count) && (w->uses_only || finish(w));
	map_release(&w->books);
	map_release(&w->seen);
	return ok;
}

bool modtree_load(struct arena *a, const struct modtree_reader *r, struct str path, struct modtree *out, struct fault *f)
{
	struct walk w = { .a = a, .r = r, .f = f, .b = out };

	return run(&w, &path, 1);
}

bool modtree_uses(struct arena *a, const struct modtree_reader *r, const struct str *paths, uint32_t count, struct modtree *out, struct fault *f)
{
	struct walk w = { .a = a, .r = r, .f = f, .b = out, .uses_only = true };

	return run(&w, paths, count);
}

const struct modtree_file *modtree_find(const struct modtree *b, struct str path)
{
	struct modtree_file want = { .path = path };

	return b->count ? bsearch(&want, b->files, b->count, sizeof(*b->files), by_path) : NULL;
}
