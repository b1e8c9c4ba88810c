#include "cli/policy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/diag.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "cli/diags.h"
#include "syntax/node.h"

/* policy: flags and the files of the site, the stricter of all. */

#define SITE_POLICY "/etc/runbook/policy.yml"

enum { POLICY_MAX = 256 << 10 };

struct reading { struct cli *c; struct policy *p; struct str path; int file; bool ok; };

static void refuse(struct reading *r, const struct node *v, const char *why)
{
	cli_error(STR_FMT ":%u: `" STR_FMT "` %s", STR_ARG(r->path), source_locate(v->key_span.src, v->key_span.start).line, STR_ARG(v->key), why);
	r->ok = false;
}

static bool truth(struct reading *r, const struct node *v)
{
	if (v->kind == NODE_SCALAR && str_eqz(v->text, "true"))
		return true;
	if (v->kind != NODE_SCALAR || !str_eqz(v->text, "false"))
		refuse(r, v, "must be true or false");
	return false;
}

static void read_sources(struct reading *r, const struct node *v)
{
	struct str *list;
	uint32_t n = 0;

	for (const struct node *i = v->kind == NODE_SEQ ? v->first : NULL; i; i = i->next)
		n++;
	list = arena_array(&r->c->arena, n + 1, sizeof(*list));
	n = 0;
	for (const struct node *i = v->kind == NODE_SEQ ? v->first : NULL; i; i = i->next) {
		if (i->kind != NODE_SCALAR || !i->text.n)
			refuse(r, v, "must be a list of sources, `*` for anything");
		else
			list[n++] = i->text;
	}
	if (v->kind != NODE_SEQ || !n)
		refuse(r, v, "must be a list of sources, `*` for anything");
	r->p->sources[r->file].list = list;
	r->p->sources[r->file].count = n;
}

static void read_path(struct reading *r, const struct node *v, const char **out)
{
	if (v->kind != NODE_SCALAR || !v->text.n || v->text.p[0] != '/')
		refuse(r, v, "must be an absolute path");
	else
		*out = arena_str(&r->c->arena, v->text.p, v->text.n).p;
}

static void read_rule(struct reading *r, const struct node *v)
{
	struct policy *p = r->p;

	if (str_eqz(v->key, "require_clean"))
		p->require_clean = truth(r, v) || p->require_clean;
	else if (str_eqz(v->key, "require_signed"))
		p->require_signed = truth(r, v) || p->require_signed;
	else if (str_eqz(v->key, "allow_moving"))
		p->no_moving = !truth(r, v) || p->no_moving;
	else if (str_eqz(v->key, "sources"))
		read_sources(r, v);
	else if (str_eqz(v->key, "allowed_signers"))
		read_path(r, v, &p->allowed_signers);
	else if (str_eqz(v->key, "keyring"))
		read_path(r, v, &p->keyring);
	else
		refuse(r, v, "is no rule (require_clean, require_signed, allow_moving, sources, allowed_signers, keyring)");
}

/* The site's file may be missing, one that is named may not; what is there must be read whole. */
static bool read_policy(struct cli *c, struct policy *p, const char *path, int file, bool optional)
{
	struct reading r = { c, p, str_of(path), file, true };
	struct diags ds;
	struct str text;
	struct node *n;
	int err;

	if (optional && access(path, F_OK))
		return true;
	err = file_read(&c->arena, path, POLICY_MAX, &text);
	if (err) {
		cli_error("%s: %s; without the policy nothing is run", path, file_error(err));
		return false;
	}
	diags_init(&ds, &c->arena);
	n = node_read(&c->arena, source_new(&c->arena, r.path, text), NULL, &ds);
	if (n && n->kind != NODE_MAP) {
		cli_error("%s: must be a map of rules", path);
		r.ok = false;
	}
	for (struct node *v = n && n->kind == NODE_MAP ? n->first : NULL; v; v = v->next)
		read_rule(&r, v);
	if (ds.errors) {
		source_report(c, &ds, DIAG_TEXT);
		r.ok = false;
	}
	diags_release(&ds);
	return r.ok && n;
}

/* $XDG_CACHE_HOME/runbook/git, or below the home, or below the state. */
static const char *cache_dir(struct cli *c, const char *state)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && xdg[0] == '/')
		return arena_printf(&c->arena, "%s/runbook/git", xdg).p;
	if (home && home[0] == '/')
		return arena_printf(&c->arena, "%s/.cache/runbook/git", home).p;
	return arena_printf(&c->arena, "%s/git", state).p;
}

bool policy_load(struct cli *c, struct policy *p)
{
	const char *signers, *keyring, *more;
	struct settings set;

	*p = (struct policy){ 0 };
	if (!settings_load(c, &set))
		return false;
	more = set.of[SET_POLICY].value.n ? setting(&set, SET_POLICY) : NULL;
	if (!read_policy(c, p, SITE_POLICY, 0, true) || (more && !read_policy(c, p, more, 1, false)))
		return false;
	signers = set.of[SET_SIGNERS].value.n ? setting(&set, SET_SIGNERS) : NULL;
	keyring = set.of[SET_KEYRING].value.n ? setting(&set, SET_KEYRING) : NULL;
	if (!p->allowed_signers)
		p->allowed_signers = signers;
	if (!p->keyring)
		p->keyring = keyring;
	p->require_clean = p->require_clean || cli_has(c, "require-clean");
	p->require_signed = p->require_signed || cli_has(c, "require-signed");
	p->moving = cli_has(c, "moving");
	p->offline = cli_has(c, "offline");
	p->state = setting(&set, SET_STATE);
	p->cache = cache_dir(c, p->state);
	return true;
}

/* `*` stands for any bytes, everything else for itself. Linear: only the last star is tried again. */
static bool matches(struct str pattern, struct str text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.n && pattern.p[p] == text.p[t]) {
			p++, t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool policy_allows(struct cli *c, const struct policy *p, struct str source, struct fault *f)
{
	for (int i = 0; i < 2; i++) {
		bool ok = !p->sources[i].count;

		for (uint32_t k = 0; k < p->sources[i].count && !ok; k++)
			ok = matches(p->sources[i].list[k], source);
		if (ok)
			continue;
		fault_set(f, &c->arena, 413, "the site's policy does not allow the source `" STR_FMT "`", STR_ARG(source));
		return fault_help(f, &c->arena, "allowed: " STR_FMT "%s", STR_ARG(p->sources[i].list[0]), p->sources[i].count > 1 ? ", and others (`sources` of the policy)" : "");
	}
	return true;
}
