#include "host/git_state.h"

#include <string.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "base/diag.h"
#include "value/spec.h"
#include "value/version.h"

/* git_ref: from a version to a commit and its tree. */

enum { PEEL_MAX = 8, NAME_MAX_BYTES = 1024, OBJECT_MAX = 4 << 20 };

bool git_commit_of(struct git_repo *r, struct arena *a, const struct git_id *id, struct git_found *out, struct fault *f)
{
	struct git_raw o;
	size_t at = 0;
	bool ok;

	if (!git_raw_read(r, a, id, GIT_OBJECT_COMMIT, OBJECT_MAX, "the commit", &o, f))
		return false;
	out->commit = *id;
	ok = git_header_id(&o, &at, "tree", &out->tree);
	git_raw_end(r, &o);
	return ok ? true : fault_set(f, a, 408, "the commit %s of " STR_FMT " is malformed", id->hex, STR_ARG(r->name));
}

/* What a tag object stands for: its target, and whether that is a tag again. */
static bool peel(struct git_repo *r, struct arena *a, struct git_id *id, git_object_t *type, struct fault *f)
{
	struct git_raw o;
	struct git_id target = { { 0 } };
	size_t at = 0;
	struct str rest;
	bool ok;

	if (!git_raw_read(r, a, id, GIT_OBJECT_TAG, OBJECT_MAX, "the tag object", &o, f))
		return false;
	ok = git_header_id(&o, &at, "object", &target);
	rest = str_slice((struct str){ o.p, o.n }, at, o.n);
	*type = str_starts(rest, STR("type commit\n")) ? GIT_OBJECT_COMMIT : str_starts(rest, STR("type tag\n")) ? GIT_OBJECT_TAG : GIT_OBJECT_ANY;
	git_raw_end(r, &o);
	if (!ok)
		return fault_set(f, a, 408, "the tag object %s of " STR_FMT " is malformed", id->hex, STR_ARG(r->name));
	*id = target;
	return true;
}

static bool take_tag(struct git_repo *r, struct arena *a, struct str name, const struct git_id *object, struct git_found *out, struct fault *f)
{
	struct git_id id = *object;
	git_object_t type;

	if (!git_raw_type(r, &id, &type))
		return fault_set(f, a, 408, "what the tag `" STR_FMT "` of " STR_FMT " names (%s) is not there", STR_ARG(name), STR_ARG(r->name), id.hex);
	out->tag = arena_str(a, name.p, name.n);
	if (type == GIT_OBJECT_TAG)
		out->tag_object = id;
	for (int depth = 0; type == GIT_OBJECT_TAG; depth++) {
		if (depth == PEEL_MAX)
			return fault_set(f, a, 408, "the tag `" STR_FMT "` names a tag of a tag, %d deep", STR_ARG(name), PEEL_MAX);
		if (!peel(r, a, &id, &type, f))
			return false;
	}
	if (type != GIT_OBJECT_COMMIT)
		return fault_set(f, a, 402, "the tag `" STR_FMT "` of " STR_FMT " does not name a commit", STR_ARG(name), STR_ARG(r->name));
	return git_commit_of(r, a, &id, out, f);
}

int git_ref_id(struct git_repo *r, struct arena *a, const char *folder, struct str name, struct git_id *id, struct fault *f)
{
	struct str full = arena_printf(a, "refs/%s/" STR_FMT, folder, STR_ARG(name));
	struct str loose = arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(r->place.common), STR_ARG(full));
	const struct libgit2 *l = &r->g->l;
	git_reference *ref = NULL;
	const git_oid *target;
	struct stat st;
	int err;

	if (!lstat(loose.p, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		fault_set(f, a, 408, STR_FMT " of " STR_FMT " is no plain file", STR_ARG(full), STR_ARG(r->name));
		return -1;
	}
	err = l->reference_lookup(&ref, r->repo, full.p);
	if (err == GIT_ENOTFOUND)
		return 0;
	if (err) {
		fault_set(f, a, 408, STR_FMT " of " STR_FMT " cannot be read: " STR_FMT, STR_ARG(full), STR_ARG(r->name), STR_ARG(git_last_error(l, a)));
		return -1;
	}
	target = l->reference_type(ref) == GIT_REFERENCE_DIRECT ? l->reference_target(ref) : NULL;
	if (target)
		*id = git_id_of(l, target);
	else
		fault_set(f, a, 408, STR_FMT " of " STR_FMT " points to another ref, not to an object", STR_ARG(full), STR_ARG(r->name));
	l->reference_free(ref);
	return target ? 1 : -1;
}

static bool each_name(struct git_repo *r, struct arena *a, bool (*each)(void *arg, struct str name), void *arg, struct fault *f)
{
	const struct libgit2 *l = &r->g->l;
	git_reference_iterator *iter;
	const char *full;
	size_t n = 0;
	int err = l->reference_iterator_glob_new(&iter, r->repo, "refs/tags/*");

	if (err)
		return fault_set(f, a, 408, "the tags of " STR_FMT " cannot be read: " STR_FMT, STR_ARG(r->name), STR_ARG(git_last_error(l, a)));
	while (!(err = l->reference_next_name(&full, iter)) && !f->code) {
		struct str name = str_of(full + sizeof("refs/tags/") - 1);

		if (++n > GIT_TAGS_MAX)
			fault_set(f, a, 407, STR_FMT " has more than %d tags", STR_ARG(r->name), GIT_TAGS_MAX);
		else if (name.n < NAME_MAX_BYTES && !spec_bad_version(name) && !each(arg, name))
			break;
	}
	if (err && err != GIT_ITEROVER)
		fault_set(f, a, 408, "the tags of " STR_FMT " cannot be read: " STR_FMT, STR_ARG(r->name), STR_ARG(git_last_error(l, a)));
	l->reference_iterator_free(iter);
	return !f->code;
}

struct tags { struct git_repo *r; struct arena *a; struct fault *f; bool (*each)(void *arg, struct str name, const struct git_id *object); void *arg; bool stopped; };

static bool put_tag(void *arg, struct str name)
{
	struct tags *t = arg;
	struct git_id id;
	int got = git_ref_id(t->r, t->a, "tags", name, &id, t->f);

	if (got == 1 && !t->each(t->arg, name, &id))
		t->stopped = true;
	return got >= 0 && !t->stopped;
}

bool git_tags(struct git_repo *r, struct arena *a, bool (*each)(void *arg, struct str name, const struct git_id *object), void *arg, struct fault *f)
{
	struct tags t = { r, a, f, each, arg, false };

	return each_name(r, a, put_tag, &t, f) && !t.stopped;
}

/* --- a version that names several tags --- */

void git_choice_begin(struct git_choice *b, struct arena *a, struct str version)
{
	*b = (struct git_choice){ .a = a };
	b->is_version = version_parse(version, &b->want);
}

void git_choose(struct git_choice *b, struct str name)
{
	struct version v;
	int c;

	if (b->near_count < GIT_NEAR_MAX)
		b->near[b->near_count++] = arena_str(b->a, name.p, name.n);
	if (!b->is_version || !version_parse(name, &v) || !version_serves(&b->want, &v))
		return;
	c = b->name.n ? version_cmp(&v, &b->version) : 1;
	if (c < 0)
		return;
	name = arena_str(b->a, name.p, name.n);
	(void)version_parse(name, &v);
	if (c == 0 && (b->version.v || !v.v)) {
		b->twin = name;
		return;
	}
	b->twin = c == 0 ? b->name : STR("");
	b->name = name;
	b->version = v;
}

static bool choose(void *arg, struct str name)
{
	git_choose(arg, name);
	return true;
}

static bool take_best(struct git_repo *r, struct arena *a, const struct git_choice *b, struct git_found *out, struct fault *f)
{
	struct git_id id, twin;

	if (git_ref_id(r, a, "tags", b->name, &id, f) < 1)
		return fault_set(f, a, 402, "the tag `" STR_FMT "` has gone", STR_ARG(b->name));
	if (b->twin.n) {
		struct git_found other = { 0 };

		if (git_ref_id(r, a, "tags", b->twin, &twin, f) < 1 || !take_tag(r, a, b->twin, &twin, &other, f) || !take_tag(r, a, b->name, &id, out, f))
			return fault_set(f, a, 402, "the tag `" STR_FMT "` has gone", STR_ARG(b->twin));
		if (strcmp(other.commit.hex, out->commit.hex))
			return fault_set(f, a, 414, "`" STR_FMT "` and `" STR_FMT "` are the same version of different commits", STR_ARG(b->name), STR_ARG(b->twin)),
			       fault_help(f, a, "name the one you mean: @" STR_FMT, STR_ARG(b->name));
		return true;
	}
	return take_tag(r, a, b->name, &id, out, f);
}

static bool not_found(struct git_repo *r, struct arena *a, struct str version, const struct git_choice *b, struct fault *f)
{
	struct str nearest = diag_nearest(version, b->near, b->near_count);
	struct git_id id;

	if (git_ref_id(r, a, "heads", version, &id, f) == 1) {
		fault_set(f, a, 403, "`" STR_FMT "` is a branch of " STR_FMT ": what it stands for moves", STR_ARG(version), STR_ARG(r->name));
		return fault_help(f, a, "name a tag, or the commit it stands for now (%s), or accept the branch with --moving", id.hex);
	}
	fault_set(f, a, 402, STR_FMT " has no tag `" STR_FMT "`%s", STR_ARG(r->name), STR_ARG(version),
		  b->is_version ? " and no version that it could stand for" : "");
	if (nearest.n)
		return fault_help(f, a, "did you mean `" STR_FMT "`?", STR_ARG(nearest));
	for (size_t i = 0; i < version.n && version.n >= 4 && version.n < 40; i++)
		if (!memchr("0123456789abcdef", version.p[i], 16))
			return false;
	return version.n >= 4 && version.n < 40 ? fault_help(f, a, "a commit is named by all its 40 digits: `git rev-parse " STR_FMT "`", STR_ARG(version)) : false;
}

bool git_resolve(struct git_repo *r, struct arena *a, struct str version, bool moving, struct git_found *out, struct fault *f)
{
	struct git_choice b;
	struct git_id id;
	int got;

	*out = (struct git_found){ 0 };
	if (spec_is_id(version, 40)) {
		memcpy(id.hex, version.p, 40);
		id.hex[40] = 0;
		return git_commit_of(r, a, &id, out, f) || (f->code = f->code == 408 ? 402 : f->code, false);
	}
	if (spec_is_id(version, 64))
		return fault_set(f, a, 402, "`" STR_FMT "` is a SHA-256 id; " STR_FMT " is a SHA-1 repository", STR_ARG(version), STR_ARG(r->name));
	got = git_ref_id(r, a, "tags", version, &id, f);
	if (got)
		return got > 0 && take_tag(r, a, version, &id, out, f);
	if (moving) {
		got = git_ref_id(r, a, "heads", version, &id, f);
		if (got < 0)
			return false;
		if (got) {
			out->branch = version;
			return git_commit_of(r, a, &id, out, f);
		}
	}
	git_choice_begin(&b, a, version);
	if (!each_name(r, a, choose, &b, f))
		return false;
	return b.name.n ? take_best(r, a, &b, out, f) : not_found(r, a, version, &b, f);
}

bool git_head(struct git_repo *r, struct arena *a, struct git_found *out, struct fault *f)
{
	struct git_id id;
	git_oid oid;
	int err;

	*out = (struct git_found){ 0 };
	if (r->own)
		return git_own_head(a, &r->place, &id) && git_commit_of(r, a, &id, out, f);
	err = r->g->l.reference_name_to_id(&oid, r->repo, "HEAD");
	if (err == GIT_ENOTFOUND || err == GIT_EUNBORNBRANCH)
		return false;
	if (err)
		return fault_set(f, a, 408, "HEAD of " STR_FMT " cannot be read: " STR_FMT, STR_ARG(r->name), STR_ARG(git_last_error(&r->g->l, a)));
	id = git_id_of(&r->g->l, &oid);
	return git_commit_of(r, a, &id, out, f);
}
