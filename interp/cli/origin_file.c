#include "cli/origin.h"

#include <string.h>
#include "base/jsonw.h"
#include "cli/command.h"
#include "journal/output.h"

/* origin_file: what commit a file as it stands belongs to; and the record of any origin. */

/* With libgit2, or without: then what is unusual is no answer. */
static bool open_head(struct cli *c, struct origin *o, bool library, struct fault *f)
{
	git_close(o->repo);
	if (!library)
		o->repo = git_open_own(&c->arena, &o->place, o->repository);
	else if ((o->git = git_load(&c->arena, f)))
		o->repo = git_open(o->git, &c->arena, &o->place, o->repository, f);
	else
		o->repo = NULL;
	return o->repo && git_head(o->repo, &c->arena, &o->found, f);
}

static void add_changed(struct origin *o, struct str path, struct str bytes)
{
	struct changed *x = &o->changed[o->changed_count++];

	x->path = path;
	digest_hex(bytes, x->sha256);
}

/* As the repository calls it; empty: it lies outside. */
static struct str inside(const struct origin *o, struct str path)
{
	size_t n = o->place.root.n;

	if (n == 1) /* the root of the file system */
		return str_slice(path, 1, path.n);
	return str_starts(path, o->place.root) && n < path.n && path.p[n] == '/' ? str_slice(path, n + 1, path.n) : STR("");
}

/* Which of them differ. False, without the library: it has to be asked. */
static bool compare(struct cli *c, struct origin *o, bool library, const struct str *paths, const struct str *bytes, size_t count)
{
	o->changed_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct str path = inside(o, paths[i]);
		struct git_entry is = { 0 };
		struct fault f = { 0 };
		bool there = path.n && git_stat(o->repo, &c->arena, &o->found.tree, path, &is, &f);

		if (!library && f.code && f.code != 405 && f.code != 406)
			return false;
		if (!i)
			o->path = path;
		if (!i && there)
			o->file = is;
		if (!there || strcmp(git_bytes_id(bytes[i]).hex, is.id.hex))
			add_changed(o, path.n ? path : paths[i], bytes[i]);
	}
	return true;
}

void origin_examine(struct cli *c, struct origin *o, const char *dir, const struct str *paths, const struct str *bytes, size_t count)
{
	struct fault f = { 0 }, none = { 0 };

	o->changed = arena_array(&c->arena, count + 1, sizeof(*o->changed));
	if (!git_discover(&c->arena, dir, &o->place, &f)) {
		o->unknown = f.code ? f.text : STR("");
		return;
	}
	o->repository = o->place.root;
	if (open_head(c, o, false, &none) && compare(c, o, false, paths, bytes, count))
		return;
	if (!open_head(c, o, true, &f))
		o->unknown = f.code ? f.text : STR("");
	else
		(void)compare(c, o, true, paths, bytes, count);
}

bool origin_accept(struct cli *c, struct origin *o, const char *dir, struct fault *f)
{
	struct str whole = arena_printf(&c->arena, "%s/" STR_FMT, dir, STR_ARG(o->spec.path));

	if (str_eqz(o->spec.text, "-"))
		whole = o->spec.text;
	if (!policy_allows(c, &o->policy, whole, f))
		return false;
	if (o->policy.require_signed) {
		fault_set(f, &c->arena, 412, "`" STR_FMT "` must be signed, and a file as it stands has no signature", STR_ARG(o->spec.text));
		return fault_help(f, &c->arena, "name its version: " STR_FMT "@v1.4.0", STR_ARG(o->spec.text));
	}
	if (!o->policy.require_clean)
		return true;
	if (!o->found.commit.hex[0])
		return fault_set(f, &c->arena, 411, "`" STR_FMT "` must be as a commit has it, and its commit is not known%s" STR_FMT, STR_ARG(o->spec.text),
				 o->unknown.n ? ": " : ": it is in no git repository", STR_ARG(o->unknown));
	if (!o->changed_count)
		return true;
	fault_set(f, &c->arena, 411, "`" STR_FMT "` differs from commit %s", STR_ARG(o->changed[0].path), o->found.commit.hex);
	return fault_help(f, &c->arena, "commit it, or run a version: " STR_FMT "@v1.4.0", STR_ARG(o->spec.text));
}

static void put_text(struct jsonw *w, const char *key, struct str s)
{
	if (s.n)
		jsonw_kstr(w, key, s);
}

static void put_signature(struct jsonw *w, const struct git_signed *s)
{
	static const char *const kinds[] = { "none", "ssh", "openpgp" };

	jsonw_key(w, "signature");
	jsonw_open(w, '{');
	jsonw_kstr(w, "kind", str_of(kinds[s->kind]));
	jsonw_kbool(w, "good", s->good);
	if (s->kind != GIT_UNSIGNED)
		jsonw_kstr(w, "of", s->of_tag ? STR("tag") : STR("commit"));
	put_text(w, "signer", s->signer);
	put_text(w, "key", s->key);
	put_text(w, "why", s->why);
	jsonw_close(w, '}');
}

void origin_record(const struct origin *o, const char *from, struct jsonw *w)
{
	jsonw_key(w, "source");
	jsonw_open(w, '{');
	jsonw_kstr(w, "text", o->spec.text);
	put_text(w, "repository", o->repository);
	put_text(w, "path", o->path);
	put_text(w, "tag", o->found.tag);
	put_text(w, "branch", o->found.branch);
	put_text(w, "tag_object", str_of(o->found.tag_object.hex));
	put_text(w, "commit", str_of(o->found.commit.hex));
	put_text(w, "tree", str_of(o->found.tree.hex));
	put_text(w, "blob", str_of(o->file.id.hex));
	put_text(w, "unknown", o->unknown);
	put_text(w, "modules_lock", str_of(o->lock));
	if (o->pinned)
		jsonw_kstr(w, "from", str_of(from));
	if (o->pinned)
		put_signature(w, &o->sign);
	if (o->from_cache)
		jsonw_kbool(w, "cached", true);
	if (o->found.commit.hex[0])
		jsonw_kbool(w, "dirty", o->changed_count > 0);
	if (o->changed_count) {
		jsonw_key(w, "changed");
		jsonw_open(w, '[');
		for (size_t i = 0; i < o->changed_count; i++) {
			jsonw_open(w, '{');
			jsonw_kstr(w, "path", o->changed[i].path);
			jsonw_kstr(w, "sha256", str_of(o->changed[i].sha256));
			jsonw_close(w, '}');
		}
		jsonw_close(w, ']');
	}
	jsonw_close(w, '}');
}
