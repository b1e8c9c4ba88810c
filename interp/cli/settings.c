#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/diag.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/diags.h"
#include "cli/site.h"
#include "host/user.h"
#include "syntax/node.h"

/* settings: flags, variables, files, defaults; in that order. */

const char *const setting_names[SET_COUNT] = { "state", "locks", "group", "operator", "policy", "allowed_signers", "keyring", "sign_key", "anchor" };
static const char *const variables[SET_COUNT] = { "RUNBOOK_STATE", "RUNBOOK_LOCKS", "RUNBOOK_GROUP", "RUNBOOK_OPERATOR", "RUNBOOK_POLICY",
						  "RUNBOOK_ALLOWED_SIGNERS", "RUNBOOK_KEYRING", "RUNBOOK_SIGN_KEY", "RUNBOOK_ANCHOR" };

const char *setting(const struct settings *s, enum setting which)
{
	return s->of[which].value.p;
}

static void put(struct settings *s, int i, struct str value, struct str origin)
{
	if (s->of[i].value.n || !value.n)
		return;
	s->of[i].value = value;
	s->of[i].origin = origin;
}

/* An absolute path from a variable; empty and relative ones are ignored (XDG). */
static const char *absolute(const char *name)
{
	const char *v = getenv(name);

	return v && v[0] == '/' ? v : NULL;
}

static bool read_file(struct cli *c, struct settings *s, struct str path)
{
	struct diags ds;
	struct str text;
	struct node *n;
	bool ok = true;
	int err = file_read(&c->arena, path.p, 64 << 10, &text);

	if (err)
		return true; /* not there: fine */
	diags_init(&ds, &c->arena);
	n = node_read(&c->arena, source_new(&c->arena, path, text), NULL, &ds);
	for (struct node *v = n && n->kind == NODE_MAP ? n->first : NULL; v; v = v->next) {
		int i = 0;

		if (str_eqz(v->key, "roles")) {
			ok = site_read(c, v, path, &s->people, &s->people_count) && ok;
			continue;
		}
		while (i < SET_COUNT && !str_eqz(v->key, setting_names[i]))
			i++;
		if (i == SET_COUNT || v->kind != NODE_SCALAR) {
			cli_error(STR_FMT ":%u: `" STR_FMT "` is not a setting (state, locks, group, operator, policy, allowed_signers, keyring, sign_key, anchor, roles)", STR_ARG(path),
				  source_locate(v->key_span.src, v->key_span.start).line, STR_ARG(v->key));
			ok = false;
		} else {
			put(s, i, v->text, path);
		}
	}
	if (ds.errors) {
		source_report(c, &ds, DIAG_TEXT);
		ok = false;
	}
	diags_release(&ds);
	return ok;
}

static void defaults(struct cli *c, struct settings *s)
{
	const char *xdg = absolute("XDG_STATE_HOME"), *home = absolute("HOME");

	if (xdg)
		put(s, SET_STATE, arena_printf(&c->arena, "%s/runbook", xdg), STR("XDG_STATE_HOME"));
	else if (home)
		put(s, SET_STATE, arena_printf(&c->arena, "%s/.local/state/runbook", home), STR("default"));
	put(s, SET_STATE, STR("/var/tmp/runbook-state"), STR("default"));
	put(s, SET_LOCKS, STR("/var/tmp/runbook-locks"), STR("default"));
}

bool settings_load(struct cli *c, struct settings *s)
{
	const char *flag = cli_arg(c, "state"), *xdg = absolute("XDG_CONFIG_HOME"), *home = absolute("HOME");
	bool ok = true;

	memset(s, 0, sizeof(*s));
	if (flag && !*flag) {
		cli_usage(c, "--state needs a folder");
		return false;
	}
	if (flag)
		put(s, SET_STATE, str_of(flag), STR("--state"));
	for (int i = 0; i < SET_COUNT; i++)
		if (getenv(variables[i]))
			put(s, i, str_of(getenv(variables[i])), str_of(variables[i]));
	if (xdg)
		ok = read_file(c, s, arena_printf(&c->arena, "%s/runbook/config.yml", xdg));
	else if (home)
		ok = read_file(c, s, arena_printf(&c->arena, "%s/.config/runbook/config.yml", home));
	ok = read_file(c, s, STR("/etc/runbook/config.yml")) && ok;
	defaults(c, s);
	if (s->of[SET_ANCHOR].value.n && !str_eqz(s->of[SET_ANCHOR].value, "notes")) {
		cli_error("the setting anchor can be `notes` (" STR_FMT " says `" STR_FMT "`)", STR_ARG(s->of[SET_ANCHOR].origin), STR_ARG(s->of[SET_ANCHOR].value));
		ok = false;
	}
	return ok;
}

struct str settings_user(struct cli *c)
{
	struct str name = user_of(&c->arena, geteuid());

	return name.n ? name : arena_printf(&c->arena, "uid %u", (unsigned)geteuid());
}

struct str settings_operator(struct cli *c, const struct settings *s, struct str user)
{
	const char *claimed = cli_arg(c, "operator");

	if (claimed)
		return str_of(claimed);
	return s->of[SET_OPERATOR].value.n ? s->of[SET_OPERATOR].value : user;
}
