/*
 * shell_command: lists of commands: separators, reserved words, simple commands,
 * redirections and here-documents, as in POSIX.1 XCU section 2.10, with bash's
 * additions. Only as much grammar as is needed to know where quotes, comments
 * and parentheses begin and end.
 */
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "syntax/shell_scan.h"

struct words { struct shell_word *list; uint32_t count, cap; };

static struct shell_word *words_push(struct words *ws)
{
	MEM_ROOM(ws->list, ws->count, ws->cap, 8);
	return &ws->list[ws->count++];
}

void shell_skip_blank(struct shell_scanner *s)
{
	for (;;) {
		int c = shell_look(s, 0);
		if (c == ' ' || c == '\t')
			s->at++;
		else if (c == '\\' && shell_look(s, 1) == '\n' && !s->heredoc_count)
			s->at += 2;
		else
			return;
	}
}

void shell_skip_comment(struct shell_scanner *s)
{
	const char *before = s->refused;
	s->refused = before ? before : "in a comment";
	for (int c; (c = shell_look(s, 0)) != '\n' && c != SHELL_END; ) {
		if (c == SHELL_HOLE)
			shell_take_hole(s, SHELL_BARE);
		else
			s->at++;
	}
	s->refused = before;
}

/* An operator cut by a backslash and a newline: shells join it, we do not. */
static void check_spliced(struct shell_scanner *s)
{
	uint32_t k = 0;
	while (shell_look(s, k) == '\\' && shell_look(s, k + 1) == '\n')
		k += 2;
	if (k && shell_one_of(shell_look(s, k), "<>&|;()"))
		shell_give_up(s, s->at);
}

/* The word behind << , unquoted. False if it is not plain text. */
static bool heredoc_end(struct shell_scanner *s, struct heredoc *h)
{
	uint32_t start = s->at;
	char *end = arena_alloc(s->a, 256);
	size_t n = 0;
	char quote = 0;
	for (int c;; s->at++) {
		c = shell_look(s, 0);
		if (!quote && (c == SHELL_END || shell_one_of(c, " \t\n;&|<>()")))
			break;
		if (c < 0 || c >= SHELL_HOLE || c == '\n' || n == 255 || (quote != '\'' && shell_one_of(c, "$`")))
			return false;
		if (quote ? c == quote : c == '\'' || c == '"') {
			quote = quote ? 0 : (char)c;
			h->quoted = true;
		} else if (c == '\\' && quote != '\'') {
			if (quote || !shell_one_of(shell_look(s, 1), "\\abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"))
				return false;
			h->quoted = true;
			end[n++] = (char)shell_look(s, 1);
			s->at++;
		} else {
			end[n++] = (char)c;
		}
	}
	h->end = (struct str){ end, n };
	return s->at > start;
}

static void begin_heredoc(struct shell_scanner *s)
{
	uint32_t start = s->at;
	struct heredoc h = { .inside = s->inside };
	s->at += 2;
	check_spliced(s);
	if (shell_look(s, 0) == '-') {
		h.tabs = true;
		s->at++;
	}
	shell_skip_blank(s);
	if (s->gave_up)
		return;
	if (s->heredoc_count == SHELL_HEREDOCS_MAX || !heredoc_end(s, &h))
		shell_give_up(s, start);
	else
		s->heredocs[s->heredoc_count++] = h;
}

void shell_scan_redirect(struct shell_scanner *s)
{
	struct shell_word target;
	int c = shell_look(s, 0), next = shell_look(s, 1);
	if (c == '<' && next == '<' && shell_look(s, 2) != '<') {
		begin_heredoc(s);
		return;
	}
	if (c == '<' && next == '<')
		s->at += 3;
	else
		s->at += next == '>' || next == '&' || (c == '>' && next == '|') ? 2 : 1;
	check_spliced(s);
	shell_skip_blank(s);
	uint32_t before = s->at;
	shell_scan_word(s, &target);
	if (s->at == before)
		shell_give_up(s, before);
}

/* Names that a line of an unquoted here-document reads. Nested commands must
 * close on their line, else shells differ where the document ends. */
static bool heredoc_line(struct shell_scanner *s, uint32_t start, uint32_t end)
{
	struct str line = str_slice(s->text, start, end);
	for (size_t i = 0; i + 1 < line.n; i++) {
		char c = line.p[i], next = line.p[i + 1];
		if (c == '\\') {
			i++;
		} else if (c == '`' || (c == '$' && next == '(')) {
			return memchr(line.p + i + 1, c == '`' ? '`' : ')', line.n - i - 1) && line.p[line.n - 1] != '\\';
		} else if (c == '$') {
			size_t from = i + 1 + (next == '{'), to = from;
			while (to < line.n && shell_name_char((unsigned char)line.p[to]))
				to++;
			size_t rest = line.n - i;
			if (next == '{' && !memchr(line.p + i, '}', rest < 4096 ? rest : 4096))
				return false;
			if (to > from && shell_name_start((unsigned char)line.p[from]) && (next != '{' || line.p[to] == '}'))
				shell_add_var(s, start + (uint32_t)from, start + (uint32_t)to, false);
		}
	}
	return true;
}

static bool heredoc_ends(struct str line, const struct heredoc *h)
{
	while (h->tabs && line.n && line.p[0] == '\t')
		line = str_slice(line, 1, line.n);
	return str_eq(line, h->end);
}

static void read_heredoc(struct shell_scanner *s, const struct heredoc *h)
{
	bool joined = false;
	uint32_t body = s->at;
	s->refused = "inside a here-document";
	while (shell_look(s, 0) != SHELL_END) {
		uint32_t start = s->at, hole = s->hole;
		for (int c; (c = shell_look(s, 0)) != '\n' && c != SHELL_END; ) {
			if (c == SHELL_HOLE)
				shell_take_hole(s, SHELL_BARE);
			else
				s->at++;
		}
		struct str line = str_slice(s->text, start, s->at);
		if (!joined && hole == s->hole && heredoc_ends(line, h))
			break;
		if (!h->quoted && !heredoc_line(s, start, s->at))
			shell_give_up(s, body);
		size_t slashes = 0;
		while (slashes < line.n && line.p[line.n - 1 - slashes] == '\\')
			slashes++;
		joined = !h->quoted && slashes % 2;
		if (shell_look(s, 0) == '\n')
			s->at++;
	}
	s->refused = NULL;
	if (shell_look(s, 0) == '\n')
		s->at++;
}

void shell_scan_newline(struct shell_scanner *s)
{
	const char *before = s->refused;
	s->at++;
	int count = s->heredoc_count;
	s->heredoc_count = 0;
	for (int i = 0; i < count && !s->gave_up; i++) {
		if (s->heredocs[i].inside != s->inside)
			shell_give_up(s, s->at);
		else
			read_heredoc(s, &s->heredocs[i]);
	}
	s->refused = before;
}

void shell_scan_inside(struct shell_scanner *s, uint32_t opener)
{
	int waiting = s->heredoc_count;
	s->inside++;
	enum shell_stop stop = shell_scan_list(s, SHELL_PAREN);
	s->inside--;
	if (s->gave_up)
		return;
	if (stop != SHELL_STOP_PAREN || s->heredoc_count > waiting)
		shell_give_up(s, opener);
	else
		s->at++;
}

/* name ( ) */
static bool function_parens(struct shell_scanner *s)
{
	if (shell_look(s, 0) != '(')
		return false;
	s->at++;
	shell_skip_blank(s);
	if (shell_look(s, 0) != ')') {
		shell_give_up(s, s->at);
		return false;
	}
	s->at++;
	return true;
}

static bool is_any(const char *lit, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(lit, *words))
			return true;
	return false;
}

enum reserved { NOT_RESERVED, GOES_ON /* a command follows */, ENDS /* a compound command */, COMPOUND, ESAC };

/* The reserved word w, with what belongs to it. */
static enum reserved scan_reserved(struct shell_scanner *s, const struct shell_word *w)
{
	static const char *const opens[] = { "if", "then", "elif", "else", "while", "until", "do", "{", "!", "time", "coproc", NULL };
	static const char *const closes[] = { "fi", "done", "}", NULL };
	if (!w->plain || w->quoted)
		return NOT_RESERVED;
	s->has_array = s->has_array || !strcmp(w->lit, "coproc");
	if (is_any(w->lit, opens))
		return GOES_ON;
	if (is_any(w->lit, closes))
		return ENDS;
	if (!strcmp(w->lit, "esac"))
		return ESAC;
	if (!strcmp(w->lit, "case")) {
		shell_scan_case(s, w->start);
		return COMPOUND;
	}
	if (!strcmp(w->lit, "[[")) {
		shell_scan_test(s, w->start);
		return COMPOUND;
	}
	if (!strcmp(w->lit, "for") || !strcmp(w->lit, "select")) {
		shell_scan_for(s, w->start);
		return GOES_ON;
	}
	if (!strcmp(w->lit, "function")) {
		struct shell_word name;
		shell_skip_blank(s);
		shell_scan_word(s, &name);
		shell_skip_blank(s);
		function_parens(s);
		return GOES_ON;
	}
	return NOT_RESERVED;
}

/* 2>file and {fd}>file: the word belongs to the redirection. */
static bool is_descriptor(struct shell_scanner *s, const struct shell_word *w)
{
	int c = shell_look(s, 0);
	if ((c != '<' && c != '>') || !w->plain || w->quoted || !w->lit_count)
		return false;
	struct str lit = { w->lit, w->lit_count };
	if (lit.p[0] == '{' && lit.p[lit.n - 1] == '}' && shell_is_name(str_slice(lit, 1, lit.n - 1))) {
		shell_add_var(s, w->start + 1, w->end - 1, true);
		return true;
	}
	for (size_t i = 0; i < lit.n; i++)
		if (lit.p[i] < '0' || lit.p[i] > '9')
			return false;
	return true;
}

/* One word of the command and what it means there. True if the list ends (esac). */
static bool command_word(struct shell_scanner *s, struct words *ws, bool *esac)
{
	struct shell_word w;
	uint32_t before = s->at;
	shell_scan_word(s, &w);
	if (s->at == before && w.hole_to == w.hole_from) {
		shell_give_up(s, before);
		return false;
	}
	if (is_descriptor(s, &w))
		return false;
	enum reserved r = ws->count ? NOT_RESERVED : scan_reserved(s, &w);
	if (r == ESAC)
		*esac = true;
	else if (r == NOT_RESERVED)
		*words_push(ws) = w;
	return r == ESAC;
}

/* A simple command, or the words around a compound one, up to a separator. */
static bool scan_command(struct shell_scanner *s)
{
	struct words ws = { NULL, 0, 0 };
	bool esac = false;
	while (!s->gave_up) {
		shell_skip_blank(s);
		int c = shell_look(s, 0), next = shell_look(s, 1);
		if ((c == '<' || c == '>') && next != '(') {
			shell_scan_redirect(s);
		} else if (c == '&' && next == '>' && s->dialect == SHELL_BASH) {
			s->at++;
			shell_scan_redirect(s);
		} else if (c == '(' && ws.count == 1 && ws.list[0].plain && !ws.list[0].quoted) {
			if (function_parens(s))
				ws.count = 0;
		} else if (c == '(' && ws.count) {
			shell_give_up(s, s->at);
		} else if (c == SHELL_END || c == '#' || shell_one_of(c, "\n;&|()")) {
			break;
		} else if (command_word(s, &ws, &esac)) {
			break;
		}
	}
	shell_command_effect(s, ws.list, ws.count);
	mem_free(ws.list);
	return esac;
}

/* ( list ) or (( arithmetic )) at hand. */
static void scan_open(struct shell_scanner *s)
{
	uint32_t opener = s->at;
	if (!shell_enter(s))
		return;
	if (shell_look(s, 1) == '(') {
		if (s->dialect != SHELL_BASH) {
			shell_give_up(s, opener);
		} else {
			s->at += 2;
			shell_scan_arithmetic(s, opener);
		}
	} else {
		s->at++;
		check_spliced(s);
		if (shell_scan_list(s, SHELL_PAREN) != SHELL_STOP_PAREN)
			shell_give_up(s, opener);
		else
			s->at++;
	}
	shell_leave(s);
}

/* ; & | and their doubles. True if the list stops here. */
static bool scan_separator(struct shell_scanner *s, enum shell_list mode, int c)
{
	int next = shell_look(s, 1);
	if (c == ';' && (next == ';' || next == '&')) {
		if (mode != SHELL_CASE)
			shell_give_up(s, s->at);
		return true;
	}
	if (c == '|' && next != '|' && s->pipe_at == UINT32_MAX)
		s->pipe_at = s->at;
	bool twice = next == c || (c == '|' && next == '&');
	s->at += twice ? 2 : 1;
	if (!twice)
		check_spliced(s);
	return false;
}

enum shell_stop shell_scan_list(struct shell_scanner *s, enum shell_list mode)
{
	for (;;) {
		shell_skip_blank(s);
		int c = shell_look(s, 0);
		if (c == SHELL_END || s->gave_up)
			return SHELL_STOP_END;
		if (c == '\n') {
			shell_scan_newline(s);
		} else if (c == '#') {
			shell_skip_comment(s);
		} else if (c == ';' || c == '|' || (c == '&' && (shell_look(s, 1) != '>' || s->dialect != SHELL_BASH))) {
			if (scan_separator(s, mode, c))
				return SHELL_STOP_DSEMI;
		} else if (c == '(') {
			scan_open(s);
		} else if (c == ')') {
			if (mode == SHELL_PAREN)
				return SHELL_STOP_PAREN;
			shell_give_up(s, s->at);
		} else if (scan_command(s)) {
			if (mode == SHELL_CASE)
				return SHELL_STOP_ESAC;
			shell_give_up(s, s->at);
		}
	}
}
