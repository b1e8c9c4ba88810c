/*
 * shell_pwsh: the quote scanner for PowerShell (about_Quoting_Rules,
 * about_Parsing). A hole becomes ${env:RB_1}: a whole argument or operand by
 * itself, or inside "..." and @"..."@. Beside other text an argument would be
 * cut, so that is refused.
 */
#include <string.h>

#include "syntax/shell_scan.h"

struct pwsh { struct shell_scanner *s; uint32_t statement; /* its first hole */ bool reparses; };

static void code(struct pwsh *p, bool nested);

static int before(const struct shell_scanner *s)
{
	return s->at ? (unsigned char)s->text.p[s->at - 1] : '\n';
}

static bool blank(int c)
{
	return shell_one_of(c, " \t\r\n");
}

static void end_statement(struct pwsh *p)
{
	for (uint32_t i = p->statement; p->reparses && i < p->s->hole; i++)
		p->s->marks[i] |= HOLE_REPARSED;
	p->statement = p->s->hole;
	p->reparses = false;
}

static void pass(struct shell_scanner *s)
{
	if (shell_look(s, 0) == SHELL_HOLE)
		shell_take_hole(s, SHELL_BARE);
	else if (shell_look(s, 0) != SHELL_END)
		s->at++;
}

static void refuse_until(struct shell_scanner *s, const char *end, const char *why)
{
	size_t n = strlen(end);
	const char *was = s->refused;
	s->refused = was ? was : why;
	while (shell_look(s, 0) != SHELL_END) {
		struct str rest = str_slice(s->text, s->at, s->text.n);
		if (shell_look(s, 0) != SHELL_HOLE && str_starts(rest, (struct str){ end, n })) {
			s->at += (uint32_t)n;
			break;
		}
		pass(s);
	}
	s->refused = was;
}

/* $x = and ${env:X} = : the name ends at s->at. */
static void note_var(struct shell_scanner *s, uint32_t start)
{
	uint32_t k = 0;
	struct str name = str_slice(s->text, start, s->at);
	if (name.n < 5 || !strpbrk("eE", (char[]){ name.p[0], 0 }) || name.p[3] != ':')
		return;
	uint32_t end = s->at;
	while (shell_look(s, k) == ' ' || shell_look(s, k) == '}')
		k++;
	shell_add_var(s, start + 4, end, shell_look(s, k) == '=' && shell_look(s, k + 1) != '=');
}

static void dollar(struct pwsh *p)
{
	struct shell_scanner *s = p->s;
	int c = shell_look(s, 1);
	s->at++;
	if (c == SHELL_HOLE) {
		shell_refuse(s, s->hole, "behind a `$`");
		shell_take_hole(s, SHELL_BARE);
	} else if (c == '(') {
		struct pwsh inner = { s, s->hole, false };
		s->at++;
		if (shell_enter(s)) {
			code(&inner, true);
			shell_leave(s);
		}
		p->reparses = p->reparses || inner.reparses;
	} else if (c == '{') {
		uint32_t start = ++s->at;
		while (shell_name_char(shell_look(s, 0)) || shell_look(s, 0) == ':')
			s->at++;
		note_var(s, start);
		refuse_until(s, "}", "inside ${...}");
	} else {
		uint32_t start = s->at;
		while (shell_name_char(shell_look(s, 0)) || (shell_look(s, 0) == ':' && shell_name_char(shell_look(s, 1))))
			s->at++;
		note_var(s, start);
		if (s->at == start && shell_one_of(c, "$?^"))
			s->at++;
	}
}

static void escaped(struct shell_scanner *s)
{
	s->at++;
	if (shell_look(s, 0) == SHELL_HOLE)
		shell_refuse(s, s->hole, "behind a backtick");
	pass(s);
}

/* "..." and @"..."@; end is the text that closes it. */
static void expandable(struct pwsh *p, const char *end, uint32_t opener)
{
	struct shell_scanner *s = p->s;
	for (;;) {
		int c = shell_look(s, 0);
		if (c == SHELL_END || s->gave_up) {
			shell_give_up(s, opener);
			return;
		}
		if (c == SHELL_HOLE) {
			shell_take_hole(s, SHELL_DOUBLE);
		} else if (str_starts(str_slice(s->text, s->at, s->text.n), str_of(end))) {
			s->at += (uint32_t)strlen(end);
			return;
		} else if (c == '`') {
			escaped(s);
		} else if (c == '$') {
			dollar(p);
		} else {
			s->at++;
		}
	}
}

/* May the bare hole at hand stand here as a whole operand? */
static bool stands_alone(struct shell_scanner *s)
{
	uint32_t start = s->at;
	int c = before(s);
	if (c == '=') {
		while (start && s->at - start < 256 && !shell_one_of((unsigned char)s->text.p[start - 1], " \t\r\n;({|"))
			start--;
		if (s->text.p[start] != '$')
			return false;
	} else if (!blank(c) && !shell_one_of(c, "(,;|{[")) {
		return false;
	}
	uint32_t end = s->t->parts[s->hole].end;
	bool next_hole = s->hole + 1 < s->hole_count && s->t->parts[s->hole + 1].start == end;
	return !next_hole && (end >= s->text.n || shell_one_of((unsigned char)s->text.p[end], " \t\r\n),;|}]"));
}

static void bare_hole(struct pwsh *p)
{
	struct shell_scanner *s = p->s;
	if (!stands_alone(s))
		shell_refuse(s, s->hole, "beside other text: put the whole word in double quotes");
	shell_take_hole(s, SHELL_BARE);
}

/* A bare word: commands that parse their arguments again. */
static void word(struct pwsh *p)
{
	static const char *const again[] = { "iex", "invoke-expression", "invoke-command", "icm", "cmd", "cmd.exe", "powershell",
		"powershell.exe", "pwsh", "pwsh.exe", "bash", "sh", "wsl", "ssh", "add-type", "scriptblock", "invoke-sqlcmd",
		"sqlcmd", "psql" };
	char name[24];
	size_t n = 0;
	for (int c; shell_name_char(c = shell_look(p->s, 0)) || c == '-' || c == '.'; p->s->at++)
		if (n < sizeof(name) - 1)
			name[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	name[n] = 0;
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
		p->reparses = p->reparses || !strcmp(name, again[i]);
}

static void here_string(struct pwsh *p)
{
	struct shell_scanner *s = p->s;
	uint32_t opener = s->at;
	bool single = shell_look(s, 1) == '\'';
	s->at += 2;
	while (shell_one_of(shell_look(s, 0), " \t\r"))
		s->at++;
	if (shell_look(s, 0) != '\n')
		shell_give_up(s, opener);
	else if (single)
		refuse_until(s, "\n'@", "inside a here-string in single quotes");
	else
		expandable(p, "\n\"@", opener);
}

/* One piece of code; false at the ) that closes $( . */
static bool piece(struct pwsh *p, bool nested, int *open)
{
	struct shell_scanner *s = p->s;
	int c = shell_look(s, 0), next = shell_look(s, 1);
	uint32_t opener = s->at;
	if (c == ')' && nested && !*open)
		return false;
	*open += (c == '(') - (c == ')');
	if (c == '\n' || c == ';')
		end_statement(p);
	if (c == SHELL_HOLE) {
		bare_hole(p);
	} else if (c == '\'') {
		s->at++;
		refuse_until(s, "'", "inside single quotes");
	} else if (c == '"') {
		s->at++;
		expandable(p, "\"", opener);
	} else if (c == '@' && (next == '\'' || next == '"')) {
		here_string(p);
	} else if (c == '<' && next == '#') {
		refuse_until(s, "#>", "in a comment");
	} else if (c == '#' && (blank(before(s)) || shell_one_of(before(s), ";({|)}"))) {
		refuse_until(s, "\n", "in a comment");
		end_statement(p);
	} else if (c == '-' && next == '-' && shell_look(s, 2) == '%' && blank(before(s))) {
		refuse_until(s, "\n", "behind --%");
		end_statement(p);
	} else if (c == '`') {
		escaped(s);
	} else if (c == '$') {
		dollar(p);
	} else if (shell_name_start(c)) {
		word(p);
	} else {
		if (c == '|' && next != '|' && before(s) != '|' && s->pipe_at == UINT32_MAX)
			s->pipe_at = s->at;
		s->at++;
	}
	return true;
}

static void code(struct pwsh *p, bool nested)
{
	uint32_t opener = p->s->at;
	int open = 0;
	while (shell_look(p->s, 0) != SHELL_END && piece(p, nested, &open))
		;
	end_statement(p);
	if (!nested || p->s->gave_up)
		return;
	if (shell_look(p->s, 0) == ')')
		p->s->at++;
	else
		shell_give_up(p->s, opener);
}

/* PowerShell takes typographic quotes for quotes. */
static bool has_other_quotes(struct str s)
{
	for (size_t i = 0; i + 2 < s.n; i++) {
		const unsigned char *u = (const unsigned char *)s.p + i;
		if (u[0] == 0xe2 && u[1] == 0x80 && u[2] >= 0x98 && u[2] <= 0x9e)
			return true;
	}
	return false;
}

void shell_scan_pwsh(struct shell_scanner *s)
{
	struct pwsh p = { s, 0, false };
	if (has_other_quotes(s->text))
		shell_give_up(s, 0);
	else
		code(&p, false);
}
