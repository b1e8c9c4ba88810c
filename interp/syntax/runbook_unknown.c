/*
 * runbook_unknown: keys that the language does not have: did-you-mean by edit
 * distance, and the words of other tools. Also required keys that are missing.
 */
#include "syntax/runbook_read.h"

#include <string.h>

struct foreign { const char *word; uint8_t place; const char *ours; const char *how; };

enum { KEYS_LISTED = 16 }; /* in a hint */

/* ours: the key to write; how: replaces the help where the shape differs too. */
static const struct foreign foreigns[] = {
	{ "when", IN_STEP, "if", NULL },
	{ "unless", IN_STEP, "if", "write `if: not (...)`" },
	{ "only_if", IN_STEP, "if", NULL },
	{ "condition", IN_STEP, "if", NULL },
	{ "assert", IN_STEP, "guard", NULL },
	{ "require", IN_STEP, "guard", NULL },
	{ "requires", IN_STEP, "guard", NULL },
	{ "precondition", IN_STEP, "guard", NULL },
	{ "fail", IN_STEP, "guard", "write `guard: { that: false, say: ... }`" },
	{ "script", IN_STEP, "run", NULL },
	{ "cmd", IN_STEP, "run", NULL },
	{ "cmds", IN_STEP, "run", NULL },
	{ "command", IN_STEP, "run", NULL },
	{ "commands", IN_STEP, "run", NULL },
	{ "exec", IN_STEP, "run", NULL },
	{ "bash", IN_STEP, "run", "write `shell: bash` and `run: ...`" },
	{ "sh", IN_STEP, "run", NULL },
	{ "powershell", IN_STEP, "run", "write `shell: pwsh` and `run: ...`" },
	{ "with_items", IN_STEP, "foreach", NULL },
	{ "with_list", IN_STEP, "foreach", NULL },
	{ "with_dict", IN_STEP, "foreach", NULL },
	{ "loop", IN_STEP, "foreach", NULL },
	{ "for", IN_STEP, "foreach", NULL },
	{ "for_each", IN_STEP, "foreach", NULL },
	{ "matrix", IN_STEP, "foreach", "write `foreach: { key: [a, b] }`" },
	{ "undo", IN_STEP, "rollback", NULL },
	{ "revert", IN_STEP, "rollback", NULL },
	{ "compensate", IN_STEP, "rollback", NULL },
	{ "compensation", IN_STEP, "rollback", NULL },
	{ "rescue", IN_STEP, "rollback", "write `rollback:` and `on_fail: undo`" },
	{ "finally", IN_STEP, "always", NULL },
	{ "ensure", IN_STEP, "always", NULL },
	{ "defer", IN_STEP, "always", NULL },
	{ "set_fact", IN_STEP, "capture", NULL },
	{ "register", IN_STEP, "capture", NULL },
	{ "output", IN_STEP, "capture", NULL },
	{ "outputs", IN_STEP, "capture", NULL },
	{ "vars", IN_STEP, "capture", "constants stand in `vars` at the top level, results in `capture`" },
	{ "on_error", IN_STEP, "on_fail", NULL },
	{ "on_failure", IN_STEP, "on_fail", NULL },
	{ "ignore_errors", IN_STEP, "on_fail", "write `on_fail: continue`" },
	{ "continue_on_error", IN_STEP, "on_fail", "write `on_fail: continue`" },
	{ "allow_failure", IN_STEP, "on_fail", "write `on_fail: continue`" },
	{ "failed_when", IN_STEP, "expect", "write `expect:` with the opposite" },
	{ "until", IN_STEP, "expect", "write `expect:` and `retry:`" },
	{ "success", IN_STEP, "expect", NULL },
	{ "retries", IN_STEP, "retry", NULL },
	{ "attempts", IN_STEP, "retry", "write `retry:`: repeats after the first attempt" },
	{ "delay", IN_STEP, "retry", "write `retry: { max: 3, delay: 5s }`" },
	{ "sleep", IN_STEP, "wait", NULL },
	{ "pause", IN_STEP, "wait", NULL },
	{ "prompt", IN_STEP, "confirm", NULL },
	{ "depends_on", IN_STEP, NULL, "steps run in the order of the file; `parallel:` on a block runs its steps at once" },
	{ "needs", IN_STEP, NULL, "steps run in the order of the file; `parallel:` on a block runs its steps at once" },
	{ "environment", IN_STEP, "env", NULL },
	{ "cwd", IN_STEP, "dir", NULL },
	{ "chdir", IN_STEP, "dir", NULL },
	{ "workdir", IN_STEP, "dir", NULL },
	{ "working_directory", IN_STEP, "dir", NULL },
	{ "input", IN_STEP, "stdin", NULL },
	{ "description", IN_STEP, "about", NULL },
	{ "title", IN_STEP, "name", NULL },
	{ "label", IN_STEP, "name", NULL },
	{ "block", IN_STEP, "steps", NULL },
	{ "tasks", IN_STEP, "steps", NULL },
	{ "uri", IN_STEP, "http", NULL },
	{ "url", IN_STEP, "http", "write `http: { url: ... }`" },
	{ "get", IN_STEP, "http", "write `http: { url: ... }`" },
	{ "template", IN_STEP, "render", NULL },
	{ "slack", IN_STEP, "notify", NULL },
	{ "dangerous", IN_STEP, "irreversible", NULL },
	{ "readonly", IN_STEP, "effect", "write `effect: read`" },
	{ "read_only", IN_STEP, "effect", "write `effect: read`" },
	{ "concurrency", IN_STEP, "parallel", NULL },
	{ "check", IN_STEP, "probe", NULL },
	{ "items", IN_STEP, "foreach", NULL },
	{ "description", IN_TOP, "about", NULL },
	{ "parameters", IN_TOP, "inputs", NULL },
	{ "params", IN_TOP, "inputs", NULL },
	{ "args", IN_TOP, "inputs", NULL },
	{ "variables", IN_TOP, "vars", NULL },
	{ "env", IN_TOP, "defaults", "write `defaults: { env: { ... } }`" },
	{ "shell", IN_TOP, "defaults", "write `defaults: { shell: bash }`" },
	{ "retry", IN_TOP, "defaults", "write `defaults: { retry: ... }`" },
	{ "pre_flight", IN_TOP, "preflight", NULL },
	{ "precheck", IN_TOP, "preflight", NULL },
	{ "checks", IN_TOP, "preflight", NULL },
	{ "deploy", IN_TOP, "act", NULL },
	{ "execute", IN_TOP, "act", NULL },
	{ "do", IN_TOP, "act", NULL },
	{ "tasks", IN_TOP, "act", NULL },
	{ "jobs", IN_TOP, "act", NULL },
	{ "stages", IN_TOP, "act", "the phases are preflight, plan, act, test and report" },
	{ "phases", IN_TOP, "act", "write the phases preflight, plan, act, test, report at the top level" },
	{ "verify", IN_TOP, "test", NULL },
	{ "tests", IN_TOP, "test", NULL },
	{ "undo", IN_TOP, "rollback", NULL },
	{ "finally", IN_TOP, "always", NULL },
	{ "concurrency", IN_TOP, "lock", NULL },
	{ "mutex", IN_TOP, "lock", NULL },
	{ "author", IN_TOP, "owners", NULL },
	{ "authors", IN_TOP, "owners", NULL },
	{ "id", IN_TOP, "name", NULL },
	{ "message", IN_GUARD, "say", NULL },
	{ "msg", IN_GUARD, "say", NULL },
	{ "if", IN_GUARD, "that", NULL },
	{ "when", IN_GUARD, "that", NULL },
	{ "assert", IN_GUARD, "that", NULL },
	{ "message", IN_NOTIFY, "say", NULL },
	{ "msg", IN_NOTIFY, "say", NULL },
	{ "text", IN_NOTIFY, "say", NULL },
	{ "channel", IN_NOTIFY, "to", NULL },
	{ "severity", IN_NOTIFY, "level", NULL },
	{ "file", IN_RENDER, "to", NULL },
	{ "path", IN_RENDER, "to", NULL },
	{ "dest", IN_RENDER, "to", NULL },
	{ "content", IN_RENDER, "text", NULL },
	{ "count", IN_RETRY, "max", NULL },
	{ "attempts", IN_RETRY, "max", NULL },
	{ "times", IN_RETRY, "max", NULL },
	{ "interval", IN_RETRY, "delay", NULL },
	{ "required", IN_DECL, NULL, "an input without `default` is required" },
	{ "description", IN_DECL, "help", NULL },
	{ "about", IN_DECL, "help", NULL },
	{ "regex", IN_DECL, "pattern", NULL },
	{ "choices", IN_DECL, "enum", NULL },
	{ "one_of", IN_DECL, "enum", NULL },
	{ "allowed", IN_DECL, "enum", NULL },
	{ "options", IN_DECL, "enum", NULL },
	{ "values", IN_DECL, "enum", NULL },
	{ "items", IN_DECL, "of", NULL },
	{ "data", IN_HTTP, "body", NULL },
	{ "params", IN_HTTP, "query", NULL },
	{ "timeout", IN_HTTP, NULL, "`timeout` stands on the step, beside `http`" },
	{ "token", IN_HTTP_AUTH, "bearer", NULL },
	{ "username", IN_HTTP_AUTH, "user", NULL },
	{ "verify", IN_HTTP_TLS, "insecure", "write `insecure: true` to leave out the verification" },
	{ "interval", IN_MONITOR, "every", NULL },
	{ "phases", IN_MONITOR, "during", NULL },
	{ "prometheus", IN_MONITOR, "metric", "write `metric: { prometheus: http://..., query: ... }`" },
	{ "query", IN_MONITOR, "metric", "write `metric: { prometheus: http://..., query: ... }`" },
	{ "retry", IN_MONITOR, NULL, "a monitor asks again with its next sample; say in `rules` how many may fail" },
	{ "on_fail", IN_MONITOR, "rules", "write `rules: [{ when: failed for 3 samples, then: pause }]`" },
	{ "thresholds", IN_MONITOR, "rules", NULL },
	{ "if", IN_RULE, "when", NULL },
	{ "condition", IN_RULE, "when", NULL },
	{ "for", IN_RULE, "when", "write it behind the condition: `when: errors > 5% for 2m`" },
	{ "action", IN_RULE, "then", NULL },
	{ "do", IN_RULE, "then", NULL },
	{ "notify", IN_RULE, "to", "write `then: notify` and `to: channel`" },
	{ "message", IN_RULE, "say", NULL },
	{ "severity", IN_RULE, "level", NULL },
	{ "url", IN_METRIC, "prometheus", NULL },
	{ "expr", IN_METRIC, "query", NULL },
	{ "likelihood", IN_RISK, "probability", NULL },
	{ "mitigation", IN_RISK, "plan", NULL },
	{ "risk", IN_RISK, "what", NULL },
};

static const struct foreign *foreign_find(enum key_place place, struct str name)
{
	for (size_t i = 0; i < sizeof foreigns / sizeof *foreigns; i++)
		if (foreigns[i].place == place && str_eqz(name, foreigns[i].word))
			return &foreigns[i];
	return NULL;
}

static bool colon_follows(struct str text, uint32_t at)
{
	while (at < text.n && (text.p[at] == ' ' || text.p[at] == '"' || text.p[at] == '\''))
		at++;
	return at < text.n && text.p[at] == ':';
}

static struct str key_list(struct reader *r, const struct str *names, uint32_t n)
{
	struct str list = STR("");

	for (uint32_t i = 0; i < n; i++)
		list = arena_printf(r->a, STR_FMT "%s" STR_FMT, STR_ARG(list), i ? ", " : "", STR_ARG(names[i]));
	return list;
}

void read_unknown_key(struct reader *r, enum key_place place, const struct node *value)
{
	struct str name = value->key;
	struct diag *d = diag_add(r->ds, 101, value->key_span, "`" STR_FMT "` is not a key %s", STR_ARG(name),
				  key_place_name(place));
	if (r->ds->dropped)
		return; /* nobody will see the hint */
	/* { help: a, b }: `b` is a key without a value */
	if (value->kind == NODE_SCALAR && !value->text.n && !colon_follows(r->src->text, value->key_span.end)) {
		diag_help(r->ds, d, "inside `{ }` a comma ends the value: quote the text");
		return;
	}
	struct str lower = arena_str(r->a, name.p, name.n);
	for (size_t i = 0; i < lower.n; i++) {
		char *c = (char *)&lower.p[i];
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
		else if (*c == '-')
			*c = '_';
	}
	const struct foreign *f = foreign_find(place, lower);
	if (f && f->how) {
		diag_help(r->ds, d, "%s", f->how);
		return;
	}
	if (f) {
		diag_help(r->ds, d, "write `%s`", f->ours);
		return;
	}
	uint32_t count, used = 0;
	const struct key *all = keys_all(&count);
	struct str names[KEY_COUNT + sizeof foreigns / sizeof *foreigns];
	for (uint32_t i = 0; i < count; i++)
		if (all[i].place == place)
			names[used++] = str_of(all[i].name);
	uint32_t known = used;
	/* a slip in another tool's word: the word is then looked up */
	for (size_t i = 0; i < sizeof foreigns / sizeof *foreigns; i++)
		if (foreigns[i].place == place && foreigns[i].ours)
			names[used++] = str_of(foreigns[i].word);
	struct str near = diag_nearest(lower, names, used);
	if (near.n) {
		f = foreign_find(place, near);
		diag_help(r->ds, d, "did you mean `" STR_FMT "`?", STR_ARG(f && !key_find(place, near) ? str_of(f->ours) : near));
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!str_eqz(lower, all[i].name))
			continue;
		diag_help(r->ds, d, "`%s` stands %s", all[i].name, key_place_name(all[i].place));
		return;
	}
	if (known && known <= KEYS_LISTED)
		diag_help(r->ds, d, "the keys here are " STR_FMT, STR_ARG(key_list(r, names, known)));
}

const struct key *read_next_key(struct reader *r, enum key_place place, struct node **at, struct node **value)
{
	while (*at) {
		struct node *n = *at;
		*at = n->next;
		*value = n;
		const struct key *k = key_index_find(&r->keys, place, n->key);
		if (!k && place == IN_TOP && str_eqz(n->key, "pre-flight"))
			k = key_index_find(&r->keys, IN_TOP, STR("preflight"));
		if (!k) {
			read_unknown_key(r, place, n);
			continue;
		}
		return k;
	}
	return NULL;
}

bool read_needed(struct reader *r, enum key_place place, const struct node *map, struct span at)
{
	uint32_t count;
	bool ok = true;
	const struct key *all = keys_all(&count);
	/* a key that is not known is most likely the one that is missing */
	for (const struct node *c = map->first; c; c = c->next)
		if (!key_index_find(&r->keys, place, c->key))
			return false;
	for (uint32_t i = 0; i < count; i++) {
		if (all[i].place != place || !all[i].needed || node_get(map, all[i].name))
			continue;
		struct diag *d = diag_add(r->ds, 103, at, "`%s` is missing %s", all[i].name, key_place_name(place));
		diag_help(r->ds, d, "add `%s: ...`", all[i].name);
		ok = false;
	}
	return ok;
}
