/*
 * shell_effect: what a simple command does with its words: which names it sets,
 * where a value is parsed a second time (lint), and where bash would run
 * commands out of a value even though it is quoted: names, integer variables,
 * arrays. There the hole is refused.
 */
#include <string.h>

#include "base/arena.h"
#include "syntax/shell_scan.h"

struct command { struct shell_scanner *s; const struct shell_word *words; uint32_t count; };

static const char name_reason[] = "where the name of a variable stands";

static struct str lit(const struct shell_word *w)
{
	return (struct str){ w->lit, w->lit_count };
}

/* str_eqz, with a first look that spares most calls of it. */
static bool same(struct str s, const char *text)
{
	return s.n && s.p[0] == text[0] && str_eqz(s, text);
}

static bool is(const struct shell_word *w, const char *text)
{
	return w->plain && same(lit(w), text);
}

static bool in_list(struct str name, const char *const *list)
{
	for (; *list; list++)
		if (same(name, *list))
			return true;
	return false;
}

static void mark(struct shell_scanner *s, const struct shell_word *w, uint8_t marks)
{
	for (uint32_t i = w->hole_from; i < w->hole_to; i++)
		s->marks[i] |= marks;
}

static void refuse(struct shell_scanner *s, uint32_t from, uint32_t to, const char *why)
{
	for (uint32_t i = from; i < to; i++)
		shell_refuse(s, i, why);
}

/* The word as the name of a variable that is set. */
static void set_name(struct shell_scanner *s, const struct shell_word *w)
{
	refuse(s, w->hole_from, w->hole_to, name_reason);
	if (w->plain && !w->quoted && shell_is_name(lit(w)))
		shell_add_var(s, w->start, w->end, true);
}

static void assignment(struct shell_scanner *s, const struct shell_word *w)
{
	static const char *const integers[] = { "RANDOM", "SECONDS", "OPTIND", "HISTCMD", "LINENO", "SRANDOM", "EPOCHSECONDS",
						"BASHPID", "UID", "EUID", "PPID", NULL };
	static const char *const parsed[] = { "PS0", "PS1", "PS2", "PS4", "PROMPT_COMMAND", "BASH_ENV", "ENV", NULL };
	struct str name = str_slice(s->text, w->start, w->name_end);
	shell_add_var(s, w->start, w->name_end, true);
	if (in_list(name, integers))
		refuse(s, w->value_hole, w->hole_to, "as the value of a variable that counts");
	for (uint32_t i = w->value_hole; i < w->hole_to; i++)
		s->marks[i] |= (uint8_t)(HOLE_ASSIGNED | (in_list(name, parsed) ? HOLE_REPARSED : 0));
}

/* -x, -xyz, not --long */
static bool is_option(const struct shell_word *w)
{
	return w->lit_count > 1 && (w->lit[0] == '-' || w->lit[0] == '+') && w->lit[1] != '-';
}

static bool option_has(const struct shell_word *w, const char *letters)
{
	return is_option(w) && strpbrk(w->lit + 1, letters);
}

/* Arrays of bash's own. */
static bool is_shell_array(struct str name)
{
	static const char *const names[] = { "COMP_WORDS", "COMPREPLY", "COPROC", "DIRSTACK", "FUNCNAME", "GROUPS", "MAPFILE",
					     "PIPESTATUS", NULL };
	return in_list(name, names) || str_starts(name, STR("BASH_"));
}

/* export, readonly and declare, typeset, local: x=value, or names. The latter
 * three evaluate (...) in the value if x is an array by then, even quoted. */
static void declare(struct command *c, uint32_t from, bool evaluates_arrays)
{
	bool evaluates = false, arrays = false;
	uint8_t declared = evaluates_arrays ? HOLE_DECLARED : 0;
	for (uint32_t i = from; i < c->count; i++) {
		const struct shell_word *w = &c->words[i];
		struct str text = lit(w);
		if (is_option(w)) {
			evaluates = evaluates || option_has(w, "aAin");
			c->s->has_integer = c->s->has_integer || option_has(w, "in");
			arrays = arrays || option_has(w, "aA");
			refuse(c->s, w->hole_from, w->hole_to, name_reason);
			continue;
		}
		const char *equals = memchr(text.p, '=', text.n);
		size_t name = equals ? (size_t)(equals - text.p) : text.n;
		if (arrays)
			shell_add_array(c->s, w->assigns ? str_slice(c->s->text, w->start, w->name_end) : str_slice(text, 0, name));
		for (uint32_t h = w->hole_from; h < w->hole_to; h++)
			c->s->declared[h] = w->assigns ? str_slice(c->s->text, w->start, w->name_end) :
					    arena_str(c->s->a, text.p, name);
		if (w->assigns) {
			assignment(c->s, w);
			mark(c->s, w, declared);
			refuse(c->s, w->hole_from, w->value_hole, name_reason);
		} else if (equals && w->hole_lit > name && shell_is_name(str_slice(text, 0, name))) {
			mark(c->s, w, (uint8_t)(HOLE_ASSIGNED | declared));
			if (w->start + name <= w->end && w->quoted && memchr("'\"", c->s->text.p[w->start], 2))
				shell_add_var(c->s, w->start + 1, w->start + 1 + (uint32_t)name, true);
		} else {
			set_name(c->s, w);
		}
		if (evaluates || (declared && is_shell_array(str_slice(text, 0, name))))
			refuse(c->s, w->hole_from, w->hole_to, "in a declaration that bash evaluates");
	}
}

/* Words that are names behind the options of read and mapfile. with_value:
 * letters of options that take the next word; names: of those whose value is a name. */
static void set_names(struct command *c, uint32_t from, const char *with_value, const char *names)
{
	uint32_t count = 0;
	for (uint32_t i = from; i < c->count; i++) {
		const struct shell_word *w = &c->words[i];
		if (is(w, "--")) {
			continue;
		} else if (!count && is_option(w) && w->plain) {
			char last = w->lit[w->lit_count - 1];
			if (strchr(with_value, last) && i + 1 < c->count) {
				i++;
				if (strchr(names, last)) {
					set_name(c->s, &c->words[i]);
					shell_add_array(c->s, lit(&c->words[i]));
					count++;
				}
			}
		} else {
			set_name(c->s, w);
			count++;
		}
	}
}

static void builtin_printf(struct command *c, uint32_t from)
{
	if (from + 1 < c->count && c->words[from].lit_count >= 2 && !strncmp(c->words[from].lit, "-v", 2))
		set_name(c->s, &c->words[c->words[from].lit_count == 2 ? from + 1 : from]);
}

/* test -v NAME and [ -v NAME ] look into array indexes. */
static void builtin_test(struct command *c, uint32_t from)
{
	for (uint32_t i = from; i + 1 < c->count; i++)
		if (is(&c->words[i], "-v") || is(&c->words[i], "-R"))
			refuse(c->s, c->words[i + 1].hole_from, c->words[i + 1].hole_to, name_reason);
}

static void builtin_let(struct command *c, uint32_t from)
{
	for (uint32_t i = from; i < c->count; i++) {
		refuse(c->s, c->words[i].hole_from, c->words[i].hole_to, "in arithmetic");
		if (c->words[i].assigns)
			shell_add_var(c->s, c->words[i].start, c->words[i].name_end, true);
	}
}

static void builtin_set(struct command *c, uint32_t from)
{
	for (uint32_t i = from; i < c->count; i++)
		if ((c->words[i].lit[0] == '+' && strchr(c->words[i].lit, 'u')) || is(&c->words[i], "nounset"))
			c->s->opaque = true;
}

/* True if the name is a builtin with an effect here. */
static bool builtin(struct command *c, struct str name, uint32_t from)
{
	static const char *const declares[] = { "declare", "typeset", "local", "export", "readonly", NULL };
	struct shell_scanner *s = c->s;
	if (in_list(name, declares)) {
		declare(c, from, !same(name, "export") && !same(name, "readonly"));
	} else if (same(name, "read")) {
		set_names(c, from, "adinNptu", "a");
	} else if (same(name, "mapfile") || same(name, "readarray")) {
		set_names(c, from, "dnOsuCc", "");
		/* its name is the last word, if there is one */
		if (from < c->count)
			shell_add_array(s, c->words[c->count - 1].plain ? lit(&c->words[c->count - 1]) : STR(""));
	} else if (same(name, "getopts")) {
		if (from + 1 < c->count)
			set_name(s, &c->words[from + 1]);
	} else if (same(name, "printf")) {
		builtin_printf(c, from);
	} else if (same(name, "unset")) {
		for (uint32_t i = from; i < c->count; i++)
			refuse(s, c->words[i].hole_from, c->words[i].hole_to, name_reason);
	} else if (same(name, "wait")) {
		for (uint32_t i = from; i + 1 < c->count; i++)
			if (is_option(&c->words[i]) && c->words[i].lit[c->words[i].lit_count - 1] == 'p')
				set_name(s, &c->words[i + 1]);
	} else if (same(name, "test") || same(name, "[")) {
		builtin_test(c, from);
	} else if (same(name, "let")) {
		builtin_let(c, from);
	} else if (same(name, "set")) {
		builtin_set(c, from);
	} else if (same(name, "alias")) {
		shell_give_up(s, s->at); /* it can change how the rest is read */
	} else {
		return false;
	}
	return true;
}

/* Programs with an option whose value is code. */
struct code_option { const char *name, *letters, *longs; };
enum { SHELLS = 7 /* the first rows */ };
static const struct code_option code_options[] = {
	{ "sh", "c", "" }, { "bash", "c", "" }, { "dash", "c", "" }, { "ash", "c", "" }, { "ksh", "c", "" }, { "zsh", "c", "" },
	{ "fish", "c", "command" }, { "su", "c", "command" }, { "runuser", "c", "command" }, { "script", "c", "command" },
	{ "flock", "c", "command" }, { "psql", "c", "command" }, { "mysql", "e", "execute" }, { "mariadb", "e", "execute" },
	{ "cqlsh", "e", "execute" }, { "sqlcmd", "Qq", "" }, { "clickhouse-client", "q", "query" }, { "mongosh", "", "eval" },
	{ "mongo", "", "eval" }, { "perl", "eE", "" }, { "ruby", "e", "" }, { "python", "c", "" }, { "python3", "c", "" },
	{ "node", "ep", "eval" }, { "php", "r", "" }, { "lua", "e", "" }, { "Rscript", "e", "" }, { "expect", "c", "" },
	{ "pwsh", "cC", "" }, { "powershell", "cC", "" }, { "vim", "c", "" }, { "gdb", "ex", "" }, { "env", "S", "split-string" },
	{ NULL, NULL, NULL },
};

static struct str base_name(const struct shell_word *w)
{
	struct str s = lit(w);
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == '/')
			return str_slice(s, i, s.n);
	return s;
}

static const struct code_option *code_option_of(const struct shell_word *w)
{
	struct str name = base_name(w);
	if (!w->plain)
		return NULL;
	for (const struct code_option *o = code_options; o->name; o++)
		if (same(name, o->name))
			return o;
	return NULL;
}

static void mark_code_option(struct command *c, const struct code_option *o, uint32_t from)
{
	for (uint32_t i = from; i < c->count; i++) {
		const struct shell_word *w = &c->words[i];
		bool is_long = w->lit_count > 2 && w->lit[0] == '-' && w->lit[1] == '-';
		size_t n = strlen(o->longs);
		if (is_long && n && !strncmp(w->lit + 2, o->longs, n) && (!w->lit[n + 2] || w->lit[n + 2] == '=')) {
			mark(c->s, w, HOLE_REPARSED);
			if (!w->lit[n + 2] && i + 1 < c->count)
				mark(c->s, &c->words[i + 1], HOLE_REPARSED);
		} else if (w->lit[0] == '-' && !is_long && o->letters[0] && option_has(w, o->letters)) {
			mark(c->s, w, HOLE_REPARSED);
			if (i + 1 < c->count)
				mark(c->s, &c->words[i + 1], HOLE_REPARSED);
		}
	}
}

/* Index of the first word that is no option; value: letters that take a word. */
static uint32_t skip_options(const struct command *c, uint32_t at, const char *value)
{
	while (at < c->count && c->words[at].lit[0] == '-' && c->words[at].lit_count > 1) {
		const struct shell_word *w = &c->words[at++];
		if (str_eqz(lit(w), "--"))
			break;
		if (w->lit[1] != '-' && w->plain && w->lit_count == 2 && strchr(value, w->lit[1]))
			at++;
	}
	return at < c->count ? at : c->count;
}

static void mark_from(struct command *c, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to && i < c->count; i++)
		mark(c->s, &c->words[i], HOLE_REPARSED);
}

/* Programs whose plain arguments are code. */
static void mark_arguments(struct command *c, struct str name, uint32_t from)
{
	static const char *const all[] = { "eval", "source", ".", "parallel", "watch", "make", "gmake", "mosh", "rsh", "pdsh",
					   "bc", "tmux", "bind", "complete", "compgen", NULL };
	static const char *const first[] = { "awk", "gawk", "mawk", "nawk", "sed", "gsed", "jq", "yq", "trap", NULL };
	uint32_t at;
	if (in_list(name, all)) {
		mark_from(c, from, c->count);
	} else if (in_list(name, first)) {
		at = skip_options(c, from, same(name, "jq") || same(name, "yq") ? "L" : "vFfEl");
		mark_from(c, at, at + 1);
		for (uint32_t i = from; i < at; i++)
			if (option_has(&c->words[i], "e") && name.p[0] != 'j')
				mark_from(c, i, i + 2);
	} else if (same(name, "ssh")) {
		at = skip_options(c, from, "BbcDEeFIiJLlmOopQRSWw");
		mark_from(c, at + 1, c->count);
		for (uint32_t i = from; i + 1 < at; i++)
			if (is(&c->words[i], "-o"))
				mark_from(c, i + 1, i + 2);
	} else if (same(name, "sqlite3")) {
		at = skip_options(c, from, "");
		mark_from(c, at + 1, c->count);
	}
}

/* Commands that run another command: where it begins, or count. */
static uint32_t behind_wrapper(const struct command *c, uint32_t at)
{
	static const struct { const char *name, *value; uint32_t plain; } wrappers[] = {
		{ "command", "", 0 }, { "builtin", "", 0 }, { "exec", "a", 0 }, { "env", "uC", 0 }, { "sudo", "ugCphrtTDR", 0 },
		{ "doas", "uC", 0 }, { "nohup", "", 0 }, { "nice", "n", 0 }, { "ionice", "cnp", 0 }, { "setsid", "", 0 },
		{ "stdbuf", "ioe", 0 }, { "timeout", "ks", 1 }, { "time", "fo", 0 }, { "chroot", "", 1 }, { "flock", "wE", 1 },
		{ "xargs", "adEIiLlnPs", 0 }, { "busybox", "", 0 }, { "unshare", "", 0 }, { "nsenter", "t", 0 },
		{ "systemd-run", "pE", 0 }, { "strace", "eops", 0 }, { "chronic", "", 0 }, { "firejail", "", 0 },
		{ "systemd-inhibit", "", 0 }, { "runcon", "", 1 }, { "taskset", "", 1 }, { "chrt", "", 1 }, { "numactl", "", 0 },
	};
	struct str name = base_name(&c->words[at]);
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
		if (!same(name, wrappers[i].name))
			continue;
		at = skip_options(c, at + 1, wrappers[i].value);
		while (at < c->count && c->words[at].assigns)
			at++;
		at += wrappers[i].plain;
		return at < c->count ? at : c->count;
	}
	return c->count;
}

void shell_command_effect(struct shell_scanner *s, const struct shell_word *words, uint32_t count)
{
	struct command c = { s, words, count };
	uint32_t at = 0;
	if (s->gave_up)
		return;
	while (at < count && words[at].assigns)
		assignment(s, &words[at++]);
	at += at < count && is(&words[at], "-p"); /* time -p */
	bool holes = at < count && words[at].hole_from < words[count - 1].hole_to;
	/* sh -c stands behind docker exec, find -exec and many more */
	for (uint32_t i = at; holes && i < count; i++) {
		const struct code_option *o = code_option_of(&words[i]);
		if (o && o < &code_options[SHELLS]) {
			mark_code_option(&c, o, i + 1);
			break;
		}
	}
	for (int wrappers = 0; at < count && words[at].plain && wrappers < 8; wrappers++) {
		struct str name = base_name(&words[at]);
		const struct code_option *o = holes ? code_option_of(&words[at]) : NULL;
		if (builtin(&c, name, at + 1))
			return;
		if (o)
			mark_code_option(&c, o, at + 1);
		if (holes)
			mark_arguments(&c, name, at + 1);
		if (same(name, "eval") || same(name, ".") || same(name, "source"))
			s->opaque = true;
		at = behind_wrapper(&c, at);
	}
}

static bool is_array(const struct shell_scanner *s, struct str name)
{
	for (uint32_t i = 0; i < s->array_count; i++)
		if (str_eq(s->arrays[i], name))
			return true;
	return s->has_array;
}

void shell_final_effect(struct shell_scanner *s)
{
	/* behind the point of giving up there may be declarations */
	bool unseen = s->gave_up && (str_find(s->text, STR("declare")) >= 0 || str_find(s->text, STR("typeset")) >= 0 ||
				     str_find(s->text, STR("local")) >= 0);
	for (uint32_t i = 0; i < s->hole_count; i++) {
		if ((s->marks[i] & HOLE_ASSIGNED) && (s->has_integer || unseen))
			shell_refuse(s, i, "as the value of a variable in a script with integer or reference variables");
		if ((s->marks[i] & HOLE_DECLARED) && (unseen || is_array(s, s->declared[i])))
			shell_refuse(s, i, "in a declaration of a name that may be an array: assign it first");
	}
}
