/*
 * check_shell: scripts: makes the program text with RB_n in place of holes, and
 * reports holes that cannot stand where they are, variables that nothing sets,
 * pipelines that hide failures and commands that parse a value again.
 */
#include "plan/check.h"

#include <string.h>

#include "syntax/shell.h"

/* engine.md 3, "A child": what every child has, and what shells set themselves. */
static const char *const known_names[] = {
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSH_AUTH_SOCK", "PWD", "OLDPWD",
	"IFS", "OPTARG", "OPTIND", "PPID", "PS1", "PS2", "PS4", "CDPATH", "LINENO",
	"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY",
	"ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
	"NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", NULL
};
static const char *const bash_names[] = {
	"BASH", "BASHOPTS", "BASHPID", "RANDOM", "SRANDOM", "SECONDS", "FUNCNAME", "UID", "EUID", "HOSTNAME", "HOSTTYPE",
	"MACHTYPE", "OSTYPE", "PIPESTATUS", "REPLY", "SHLVL", "GROUPS", "DIRSTACK", "EPOCHSECONDS", "EPOCHREALTIME",
	"COLUMNS", "LINES", "MAPFILE", "COPROC", "SHELLOPTS", "READLINE_LINE", NULL
};

static bool in_list(const char *const *list, struct str name)
{
	for (int i = 0; list[i]; i++)
		if (str_eqz(name, list[i]))
			return true;
	return false;
}

static bool is_name(struct str s)
{
	if (!s.n || (s.p[0] >= '0' && s.p[0] <= '9'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return true;
}

static bool inherited(const struct load *l, struct str name)
{
	const struct strs *in = &l->rb->defaults.inherit;
	for (uint32_t i = 0; i < in->count; i++) {
		struct str w = in->list[i];
		if (str_eq(w, name))
			return true;
		if (w.n && w.p[w.n - 1] == '*' && str_starts(name, str_slice(w, 0, w.n - 1)))
			return true;
	}
	for (uint32_t i = 0; l->options && i < l->options->env_count; i++)
		if (str_eq(l->options->env_names[i], name))
			return true;
	return str_starts(name, STR("LC_")) || str_starts(name, STR("RUNBOOK_"));
}

/* Names that exist besides those of every child: of env and set in the script. */
static void own_names(const struct prog_step *ps, const struct shell_scan *scan, struct map *out)
{
	for (uint32_t i = 0; i < ps->env_count; i++)
		map_add(out, ps->env[i].name, out);
	for (uint32_t i = 0; i < scan->var_count; i++)
		if (scan->vars[i].set)
			map_add(out, scan->vars[i].name, out);
}

static bool is_set(const struct load *l, const struct prog_step *ps, const struct map *own, struct str name)
{
	if (map_get(own, name) || in_list(known_names, name) || inherited(l, name))
		return true;
	return ps->shell == SHELL_KIND_BASH && (in_list(bash_names, name) || str_starts(name, STR("BASH_")));
}

/* ${x:-y} ${x-y} ${x:+y} ${x+y} ${x:=y} ${x:?y}: the script says what happens if it is not set. */
static bool has_fallback(struct str text, const struct shell_var *v)
{
	size_t at = v->start;
	while (at < v->end && !(text.p[at] == v->name.p[0] && str_starts(str_slice(text, at, text.n), v->name)))
		at++;
	at += v->name.n;
	if (!v->start || at >= text.n)
		return false;
	if (text.p[at] == ':' && at + 1 < text.n)
		at++;
	return text.p[at] == '-' || text.p[at] == '+' || text.p[at] == '=' || text.p[at] == '?';
}

static bool in_braces(struct str text, const struct shell_var *v)
{
	size_t at = v->start;
	if (at < text.n && text.p[at] == '{')
		return true;
	if (at + 1 < text.n && text.p[at] == '$' && text.p[at + 1] == '{')
		return true;
	return at && text.p[at - 1] == '{';
}

static void report_unset(struct load *l, const struct node *n, const struct shell_var *v)
{
	struct diag *d = diag_add(l->ds, 310, node_slice(n, v->start, v->end), "nothing sets `" STR_FMT "`", STR_ARG(v->name));
	struct str lower = arena_str(l->a, v->name.p, v->name.n);
	for (size_t i = 0; i < lower.n; i++)
		if (lower.p[i] >= 'A' && lower.p[i] <= 'Z')
			((char *)lower.p)[i] = (char)(lower.p[i] + 32);
	const char *from = map_get(&l->inputs, lower) ? "inputs" : map_get(&l->vars, lower) ? "vars"
			 : map_get(&l->secrets, lower) ? "secrets" : NULL;
	if (from)
		diag_help(l->ds, d, "bind it with env: " STR_FMT ": ${{ %s." STR_FMT " }}", STR_ARG(v->name), from, STR_ARG(lower));
	else
		diag_help(l->ds, d, "bind it with env: " STR_FMT ": ..., take it with defaults: { inherit: [" STR_FMT "] }, or write ${" STR_FMT ":-}",
			  STR_ARG(v->name), STR_ARG(v->name), STR_ARG(v->name));
}

static void check_vars(struct load *l, const struct prog_step *ps, const struct node *n, const struct shell_scan *scan)
{
	struct map own;
	if (ps->shell == SHELL_KIND_PWSH || !scan->var_count)
		return; /* pwsh: its own variables need no declaration */
	map_init(&own);
	own_names(ps, scan, &own);
	for (uint32_t i = 0; i < scan->var_count && !l->ds->dropped; i++) {
		const struct shell_var *v = &scan->vars[i];
		if (v->set || !is_name(v->name) || is_set(l, ps, &own, v->name))
			continue;
		if (in_braces(n->text, v) && has_fallback(n->text, v))
			continue;
		map_add(&own, v->name, &own); /* said once */
		report_unset(l, n, v);
	}
	map_release(&own);
}

static void check_script_holes(struct load *l, const struct tmpl *t, const struct shell_scan *scan)
{
	uint32_t hole = 0;
	for (uint32_t i = 0; i < t->count; i++) {
		const struct tmpl_part *p = &t->parts[i];
		if (!p->hole)
			continue;
		uint32_t n = hole++;
		if (n >= scan->hole_count || scan->holes[n].context != SHELL_REFUSED)
			continue;
		struct str src = str_trim(str_slice(t->node->text, p->hole->start, p->hole->end));
		struct diag *d = diag_add(l->ds, 302, node_slice(t->node, p->start, p->end), "a value cannot enter the script here: %s",
					  scan->holes[n].why ? scan->holes[n].why : "the quoting is not clear");
		diag_help(l->ds, d, "bind it with env: NAME: ${{ " STR_FMT " }} and write \"$NAME\"", STR_ARG(src));
	}
}

/* In a pipeline plain sh knows only the last command's exit code. */
static void check_pipe(struct load *l, const struct prog_step *ps, const struct node *n, const struct shell_scan *scan)
{
	if (!scan->has_pipe || ps->shell != SHELL_KIND_SH || scan->pipe_at >= n->text.n)
		return;
	struct diag *d = check_warn(l, 508, ps, node_slice(n, scan->pipe_at, scan->pipe_at + 1),
				    "plain sh sees only the exit code of the last command of a pipeline");
	if (d)
		diag_help(l->ds, d, "write `shell: bash`, which fails if any of them fails");
}

static void check_reparse(struct load *l, const struct prog_step *ps, const struct tmpl *t, const struct shell_scan *scan)
{
	for (uint32_t i = 0; i < scan->reparse_count; i++) {
		uint32_t hole = 0;
		for (uint32_t k = 0; k < t->count; k++) {
			const struct tmpl_part *p = &t->parts[k];
			if (!p->hole || hole++ != scan->reparse_holes[i])
				continue;
			if (p->hole->kind == EXPR_CALL && str_eqz(p->hole->name, "quote"))
				continue; /* one word for the shell on the other side */
			struct diag *d = check_warn(l, 311, ps, node_slice(t->node, p->start, p->end),
						    "this command parses its argument again: the value may become code");
			if (d)
				diag_help(l->ds, d, "pass it as an argument of its own, or write quote(...) for ssh");
		}
	}
}

void check_shell(struct load *l, struct prog_step *ps)
{
	const struct step *s = ps->ast;
	const struct data *w = &s->run.words;
	const struct node *n = w->node;
	if (w->kind != DATA_TEXT && w->kind != DATA_LIT)
		return;
	struct tmpl_part part = { .text = n->text };
	struct tmpl plain = { .node = n, .count = 1, .exact = false, .parts = &part };
	const struct tmpl *t = w->kind == DATA_TEXT ? w->tmpl : &plain;
	enum shell_dialect dialect = (enum shell_dialect)ps->shell;
	struct shell_scan scan = shell_scan(l->a, t, dialect);
	ps->script = n->text;
	if (w->kind == DATA_TEXT) {
		ps->script_tmpl = t;
		check_script_holes(l, t, &scan);
		ps->script = shell_program(l->a, t, &scan, dialect);
	}
	check_vars(l, ps, n, &scan);
	check_reparse(l, ps, t, &scan);
	check_pipe(l, ps, n, &scan);
}
