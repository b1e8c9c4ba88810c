#include "host/git_sign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "host/env.h"
#include "host/git_state.h"
#include "host/program.h"

/*
 * git_sign: cuts an object into what was signed and the signature (as git's
 * gpg-interface.c and commit.c do) and has a program check it.
 */

enum { SIGNED_MAX = 4 << 20, SAID_MAX = 64 << 10, PRINCIPALS_MAX = 8 };
static const int64_t second = 1000000000;

struct cut {
	struct str payload, signature; /* signature empty: none */
	int64_t when;                  /* of the tagger or committer, s since 1970; keys had to be valid then */
	struct str name;               /* a tag's own name */
};

static const struct { const char *begin; enum git_sign_kind kind; } kinds[] = {
	{ "-----BEGIN SSH SIGNATURE-----", GIT_SIGNED_SSH }, { "-----BEGIN PGP SIGNATURE-----", GIT_SIGNED_GPG },
	{ "-----BEGIN PGP MESSAGE-----", GIT_SIGNED_GPG },
};

static enum git_sign_kind kind_of(struct str signature)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_starts(signature, str_of(kinds[i].begin)))
			return kinds[i].kind;
	return GIT_UNSIGNED;
}

static struct str next_line(struct str all, size_t *at)
{
	size_t from = *at;
	const char *end = memchr(all.p + from, '\n', all.n - from);

	*at = end ? (size_t)(end - all.p) + 1 : all.n;
	return str_slice(all, from, end ? *at - 1 : *at);
}

/* "NAME <MAIL> SECONDS ZONE" */
static int64_t time_of(struct str person)
{
	size_t at = person.n;
	int64_t t = 0;

	while (at && person.p[at - 1] != '>')
		at--;
	for (at++; at < person.n && person.p[at] >= '0' && person.p[at] <= '9' && t < INT64_MAX / 100; at++)
		t = t * 10 + (person.p[at] - '0');
	return t;
}

/* The header lines of a tag: its name, and when. */
static void read_header(struct str all, struct cut *c)
{
	for (size_t at = 0; at < all.n;) {
		struct str line = next_line(all, &at);

		if (!line.n)
			return;
		if (str_starts(line, STR("tag ")))
			c->name = str_slice(line, 4, line.n);
		if (str_starts(line, STR("tagger ")) || str_starts(line, STR("committer ")))
			c->when = time_of(line);
	}
}

/* A tag's signature stands at the end of its message. */
static void cut_tag(struct str all, struct cut *c)
{
	c->payload = all;
	read_header(all, c);
	for (size_t at = 0; at < all.n;) {
		size_t from = at;

		(void)next_line(all, &at);
		if (kind_of(str_slice(all, from, all.n)) == GIT_UNSIGNED)
			continue;
		c->payload = str_slice(all, 0, from); /* the last one counts, as in git */
		c->signature = str_slice(all, from, all.n);
	}
}

/* A commit's is a header of several lines, which is not part of what was signed. */
static void cut_commit(struct arena *a, struct str all, struct cut *c)
{
	struct buf payload, signature;
	bool head = true, in = false, skip = false;

	buf_init(&payload, SIGNED_MAX);
	buf_init(&signature, SIGNED_MAX);
	read_header(all, c);
	for (size_t at = 0; at < all.n;) {
		size_t from = at;
		struct str line = next_line(all, &at);

		head = head && line.n;
		if (head && str_starts(line, STR("gpgsig "))) {
			in = true, skip = false;
			buf_adds(&signature, str_slice(line, 7, line.n));
			buf_addc(&signature, '\n');
		} else if (head && str_starts(line, STR("gpgsig-sha256 "))) {
			skip = true, in = false;
		} else if (head && line.p[0] == ' ' && (in || skip)) {
			if (in)
				buf_adds(&signature, str_slice(line, 1, line.n));
			if (in)
				buf_addc(&signature, '\n');
		} else {
			in = skip = false;
			buf_adds(&payload, str_slice(all, from, at));
		}
	}
	c->payload = arena_str(a, payload.p ? payload.p : "", payload.len);
	c->signature = arena_str(a, signature.p ? signature.p : "", signature.len);
	buf_release(&payload);
	buf_release(&signature);
}

/* --- the programs --------------------------------------------------------------- */

struct check {
	struct arena *a;
	const struct cut *cut;
	const struct git_trust *trust;
	struct git_signed *out;
	const char *file;        /* that holds the signature */
	const char *const *env;
};

static bool bad(struct check *k, struct str why)
{
	k->out->why = why;
	return false;
}

static struct str run(struct check *k, const char *const *argv, bool payload, struct buf *said)
{
	struct program_call call = { .argv = argv, .envp = k->env, .timeout = 30 * second };

	if (payload)
		call.input = k->cut->payload;
	buf_init(said, SAID_MAX);
	return program_run(k->a, &call, said);
}

/* What stands between `before` and the end of the word, in the arena. */
static struct str word_after(struct arena *a, struct str all, const char *before)
{
	ptrdiff_t at = str_find(all, str_of(before));
	size_t from = at < 0 ? all.n : (size_t)at + strlen(before), to = from;

	while (to < all.n && all.p[to] != '\n' && all.p[to] != ' ')
		to++;
	return arena_str(a, all.p ? all.p + from : "", to - from);
}

static bool ssh_by(struct check *k, const char *principal, const char *when)
{
	const char *argv[] = { "ssh-keygen", "-Y", "verify", "-n", "git", "-f", k->trust->allowed_signers, "-I", principal, "-s", k->file, when, NULL };
	struct buf said;
	struct str why = run(k, argv, true, &said);

	if (!why.n) {
		k->out->good = true;
		k->out->signer = str_of(principal);
		k->out->key = word_after(k->a, buf_str(&said), " key ");
	}
	k->out->why = why;
	buf_release(&said);
	return k->out->good;
}

static bool check_ssh(struct check *k)
{
	char when[64] = "-Overify-time=";
	size_t n = strlen(when), at = 0;
	time_t t = (time_t)k->cut->when;
	struct tm tm;
	const char *find[] = { "ssh-keygen", "-Y", "find-principals", "-f", k->trust->allowed_signers, "-s", k->file, when, NULL };
	struct buf said;
	struct str why, line;

	if (!k->trust->allowed_signers)
		return bad(k, STR("no allowed_signers file is set"));
	if (!gmtime_r(&t, &tm) || !strftime(when + n, sizeof(when) - n, "%Y%m%d%H%M%SZ", &tm))
		return bad(k, STR("it has no date"));
	why = run(k, find, false, &said);
	if (why.n) {
		buf_release(&said);
		return bad(k, arena_printf(k->a, "its key is not in %s", k->trust->allowed_signers));
	}
	for (int i = 0; i < PRINCIPALS_MAX && at < said.len; i++) {
		line = str_trim(next_line(buf_str(&said), &at));
		if (line.n && line.p[0] != '-' && ssh_by(k, arena_str(k->a, line.p, line.n).p, when))
			break;
	}
	buf_release(&said);
	return k->out->good;
}

static bool check_gpg(struct check *k)
{
	const char *argv[] = { "gpgv", "--status-fd", "1", "--keyring", k->trust->keyring, k->file, "-", NULL };
	struct buf said;
	struct str why, all, user;
	ptrdiff_t at;

	if (!k->trust->keyring)
		return bad(k, STR("no keyring is set"));
	why = run(k, argv, true, &said);
	all = buf_str(&said);
	at = str_find(all, STR("[GNUPG:] GOODSIG "));
	k->out->key = word_after(k->a, all, "[GNUPG:] VALIDSIG ");
	k->out->good = !why.n && at >= 0 && k->out->key.n > 0;
	if (k->out->good) {
		size_t from = (size_t)at + sizeof("[GNUPG:] GOODSIG ") - 1;

		user = next_line(all, &from);
		for (from = 0; from < user.n && user.p[from] != ' '; from++)
			;
		user = str_slice(user, from + 1, user.n);
		k->out->signer = arena_str(k->a, user.p, user.n);
	} else {
		k->out->why = str_find(all, STR("NO_PUBKEY")) >= 0 ? arena_printf(k->a, "its key is not in %s", k->trust->keyring) : why;
	}
	buf_release(&said);
	return k->out->good;
}

/* The signature in a file of its own, for as long as the programs need it. */
static void check_file(struct check *k)
{
	const char *tmp = getenv("TMPDIR");
	struct str name = arena_printf(k->a, "%s/runbook-sig-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
	char *path = arena_alloc(k->a, name.n + 1);
	int fd, err;

	memcpy(path, name.p, name.n);
	fd = mkstemp(path);
	if (fd < 0) {
		(void)bad(k, arena_printf(k->a, "%s: %s", path, strerror(errno)));
		return;
	}
	err = file_write_all(fd, k->cut->signature.p, k->cut->signature.n);
	(void)close(fd);
	k->file = path;
	if (err)
		(void)bad(k, str_of(strerror(err)));
	else
		(void)(k->out->kind == GIT_SIGNED_SSH ? check_ssh(k) : check_gpg(k));
	(void)unlink(path);
}

bool git_signature_of(struct git_repo *r, struct arena *a, const struct git_found *what, const struct git_trust *trust,
		      struct git_signed *out, struct fault *f)
{
	struct check k = { .a = a, .trust = trust, .out = out };
	struct cut cut = { .when = 0 };
	struct git_raw o;

	*out = (struct git_signed){ .kind = GIT_UNSIGNED, .why = STR("neither the tag nor the commit is signed") };
	if (what->tag_object.hex[0]) {
		if (!git_raw_read(r, a, &what->tag_object, GIT_OBJECT_TAG, SIGNED_MAX, "the tag object", &o, f))
			return false;
		cut_tag(arena_str(a, o.p, o.n), &cut);
		git_raw_end(r, &o);
		out->of_tag = cut.signature.n > 0;
	}
	if (!cut.signature.n) {
		if (!git_raw_read(r, a, &what->commit, GIT_OBJECT_COMMIT, SIGNED_MAX, "the commit", &o, f))
			return false;
		cut_commit(a, arena_str(a, o.p, o.n), &cut);
		git_raw_end(r, &o);
	}
	out->kind = kind_of(cut.signature);
	if (!cut.signature.n)
		return true;
	out->why = STR("");
	k.cut = &cut;
	k.env = env_base(a, NULL, 0, NULL, 0);
	if (out->kind == GIT_UNSIGNED)
		out->why = STR("the signature is of an unknown kind");
	else if (out->of_tag && !str_eq(cut.name, what->tag)) /* else the signed v1.0 could be shown as v2.0 */
		out->why = arena_printf(a, "the tag object was signed as `" STR_FMT "`", STR_ARG(cut.name));
	else
		check_file(&k);
	return true;
}
