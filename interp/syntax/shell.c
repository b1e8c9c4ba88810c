/*
 * shell: the scan of a script and the program made from it. Which context a
 * hole stands in is found by shell_command.c and shell_pwsh.c; here are the
 * scanner's primitives and the result.
 */
#include "syntax/shell.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "syntax/node.h"
#include "syntax/shell_scan.h"

int shell_look(const struct shell_scanner *s, uint32_t k)
{
	size_t at = (size_t)s->at + k;
	if (s->hole < s->hole_count && at >= s->t->parts[s->hole].start)
		return at == s->t->parts[s->hole].start ? SHELL_HOLE : SHELL_PAST_HOLE;
	return at < s->text.n ? (unsigned char)s->text.p[at] : SHELL_END;
}

void shell_refuse(struct shell_scanner *s, uint32_t hole, const char *why)
{
	if (s->holes[hole].context == SHELL_REFUSED)
		return;
	s->holes[hole] = (struct shell_hole){ SHELL_REFUSED, why };
}

void shell_take_hole(struct shell_scanner *s, enum shell_context context)
{
	if (s->refused)
		shell_refuse(s, s->hole, s->refused);
	else if (s->holes[s->hole].context != SHELL_REFUSED)
		s->holes[s->hole].context = (uint8_t)context;
	s->at = s->t->parts[s->hole].end;
	s->hole++;
}

void shell_give_up(struct shell_scanner *s, uint32_t from)
{
	if (s->gave_up)
		return;
	s->gave_up = true;
	for (uint32_t i = 0; i < s->hole_count; i++)
		if (s->t->parts[i].start >= from)
			shell_refuse(s, i, "where the quoting is not clear");
	s->at = (uint32_t)s->text.n;
	s->hole = s->hole_count;
	s->heredoc_count = 0;
}

bool shell_one_of(int c, const char *set)
{
	return c > 0 && c < SHELL_HOLE && strchr(set, c);
}

bool shell_name_start(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool shell_name_char(int c)
{
	return shell_name_start(c) || (c >= '0' && c <= '9');
}

bool shell_is_name(struct str s)
{
	if (!s.n || !shell_name_start((unsigned char)s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!shell_name_char((unsigned char)s.p[i]))
			return false;
	return true;
}

/* Variables that a shell sets by itself. */
static bool shell_sets(enum shell_dialect d, struct str name)
{
	static const char *const posix[] = { "_", "IFS", "LINENO", "OLDPWD", "OPTARG", "OPTIND", "PPID", "PS1", "PS2", "PS4", "PWD" };
	static const char *const bash[] = { "COLUMNS", "DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME", "GROUPS",
		"HOSTNAME", "HOSTTYPE", "LINES", "MACHTYPE", "MAPFILE", "OSTYPE", "PIPESTATUS", "RANDOM", "REPLY", "SECONDS",
		"SHELLOPTS", "SHLVL", "SRANDOM", "UID", "COPROC" };
	for (size_t i = 0; i < sizeof(posix) / sizeof(posix[0]); i++)
		if (str_eqz(name, posix[i]))
			return true;
	for (size_t i = 0; d == SHELL_BASH && i < sizeof(bash) / sizeof(bash[0]); i++)
		if (str_eqz(name, bash[i]))
			return true;
	return d == SHELL_BASH && str_starts(name, STR("BASH"));
}

void shell_add_var(struct shell_scanner *s, uint32_t start, uint32_t end, bool set)
{
	struct str name = str_slice(s->text, start, end);
	if (!name.n || (!set && (s->opaque || shell_sets(s->dialect, name))))
		return;
	MEM_ROOM(s->vars, s->var_count, s->var_cap, 16);
	s->vars[s->var_count++] = (struct shell_var){ name, start, end, set };
}

void shell_add_array(struct shell_scanner *s, struct str name)
{
	/* a script with very many is either strange or hostile to our search */
	if (!shell_is_name(name) || s->array_count == 256) {
		s->has_array = true;
		return;
	}
	MEM_ROOM(s->arrays, s->array_count, s->array_cap, 8);
	s->arrays[s->array_count++] = arena_str(s->a, name.p, name.n);
}

bool shell_enter(struct shell_scanner *s)
{
	if (s->depth < SHELL_DEPTH_MAX) {
		s->depth++;
		return true;
	}
	shell_give_up(s, s->at);
	return false;
}

void shell_leave(struct shell_scanner *s)
{
	s->depth--;
}

static void keep_result(struct shell_scanner *s, struct shell_scan *out)
{
	uint32_t *list = arena_array(s->a, s->hole_count ? s->hole_count : 1, sizeof(*list));
	for (uint32_t i = 0; i < s->hole_count; i++)
		if (s->marks[i] & HOLE_REPARSED)
			list[out->reparse_count++] = i;
	out->reparse_holes = list;
	struct shell_var *vars = arena_array(s->a, s->var_count ? s->var_count : 1, sizeof(*vars));
	if (s->var_count)
		memcpy(vars, s->vars, s->var_count * sizeof(*vars));
	out->vars = vars;
	out->var_count = s->var_count;
	out->holes = s->holes;
	out->hole_count = s->hole_count;
	out->pipe_at = s->pipe_at;
	out->has_pipe = s->pipe_at != UINT32_MAX;
	out->complete = !s->gave_up;
}

struct shell_scan shell_scan(struct arena *a, const struct tmpl *t, enum shell_dialect d)
{
	struct shell_scanner s = { .a = a, .t = t, .text = t->node->text, .dialect = d, .pipe_at = UINT32_MAX };
	struct shell_scan out = { .pipe_at = UINT32_MAX };
	s.hole_count = t->count - 1;
	s.holes = arena_array(a, s.hole_count ? s.hole_count : 1, sizeof(*s.holes));
	s.marks = arena_alloc(a, s.hole_count ? s.hole_count : 1);
	s.declared = arena_array(a, s.hole_count ? s.hole_count : 1, sizeof(*s.declared));
	if (d == SHELL_PWSH) {
		shell_scan_pwsh(&s);
	} else {
		shell_scan_list(&s, SHELL_TOP);
		shell_final_effect(&s);
	}
	keep_result(&s, &out);
	mem_free(s.vars);
	mem_free(s.arrays);
	return out;
}

static void put_hole(struct buf *out, const struct shell_hole *h, enum shell_dialect d, uint32_t number)
{
	if (h->context == SHELL_REFUSED)
		return; /* a script with a refused hole is never run */
	if (d == SHELL_PWSH)
		buf_printf(out, "${env:RB_%u}", (unsigned)number);
	else if (h->context == SHELL_DOUBLE)
		buf_printf(out, "${RB_%u}", (unsigned)number);
	else
		buf_printf(out, "\"${RB_%u}\"", (unsigned)number);
}

struct str shell_program(struct arena *a, const struct tmpl *t, const struct shell_scan *s, enum shell_dialect d)
{
	struct buf out;
	buf_init(&out, (size_t)NODE_SCALAR_MAX * 4);
	for (uint32_t i = 0; i < t->count; i++) {
		buf_adds(&out, t->parts[i].text);
		if (t->parts[i].hole)
			put_hole(&out, &s->holes[i], d, i + 1);
	}
	struct str program = arena_str(a, out.p ? out.p : "", out.len);
	buf_release(&out);
	return program;
}

void shell_quote(struct buf *out, struct str word)
{
	static const char safe[] = "%+,-./:=@_";
	bool plain = word.n > 0;
	for (size_t i = 0; i < word.n && plain; i++) {
		char c = word.p[i];
		plain = shell_name_char((unsigned char)c) || (c && strchr(safe, c));
	}
	/* a leading ~ or = is special to some shell, so is a=b as a command */
	if (plain && word.p[0] != '=' && !memchr(word.p, '=', word.n)) {
		buf_adds(out, word);
		return;
	}
	buf_addc(out, '\'');
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '\'')
			buf_addz(out, "'\\''");
		else
			buf_addc(out, word.p[i]);
	}
	buf_addc(out, '\'');
}
