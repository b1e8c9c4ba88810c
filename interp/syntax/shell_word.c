/*
 * shell_word: words and their quotes. A word keeps the beginning of its literal
 * text, so that commands and options are known by name, and the numbers of its
 * holes.
 */
#include <string.h>

#include "base/arena.h"
#include "syntax/shell_scan.h"

void shell_word_init(const struct shell_scanner *s, struct shell_word *w)
{
	w->start = w->end = s->at;
	w->hole_from = w->hole_to = w->value_hole = s->hole;
	w->name_end = 0;
	w->lit_count = 0;
	w->hole_lit = UINT16_MAX;
	w->plain = true;
	w->quoted = w->assigns = w->array = false;
	w->lit[0] = 0;
}

static void add_lit(struct shell_word *w, int c)
{
	if (w->lit_count < SHELL_LIT_MAX) {
		w->lit[w->lit_count++] = (char)c;
		w->lit[w->lit_count] = 0;
	} else {
		w->plain = false; /* too long to be a name that matters */
	}
}

static void not_plain(struct shell_word *w)
{
	w->plain = false;
	if (w->hole_lit == UINT16_MAX)
		w->hole_lit = w->lit_count;
}

/* A line end inside quotes while a here-document waits: shells differ. */
static void check_newline(struct shell_scanner *s, int c)
{
	if (c == '\n' && s->heredoc_count)
		shell_give_up(s, s->at);
}

static void scan_single(struct shell_scanner *s, struct shell_word *w)
{
	uint32_t opener = s->at++;
	const char *before = s->refused;
	s->refused = before ? before : "inside single quotes";
	for (int c; (c = shell_look(s, 0)) != '\''; ) {
		if (c == SHELL_END) {
			shell_give_up(s, opener);
			break;
		}
		check_newline(s, c);
		if (c == SHELL_HOLE) {
			not_plain(w);
			shell_take_hole(s, SHELL_BARE);
		} else if (!s->gave_up) {
			add_lit(w, c);
			s->at++;
		}
	}
	s->refused = before;
	w->quoted = true;
	if (!s->gave_up)
		s->at++;
}

/* A backslash and what it quotes. */
static void scan_backslash(struct shell_scanner *s, struct shell_word *w)
{
	int c = shell_look(s, 1);
	s->at++;
	if (c == SHELL_HOLE) {
		shell_refuse(s, s->hole, "behind a backslash");
		not_plain(w);
		shell_take_hole(s, SHELL_BARE);
	} else if (c == '\n') {
		check_newline(s, c);
		if (!s->gave_up)
			s->at++;
	} else if (c != SHELL_END) {
		add_lit(w, c);
		w->quoted = true;
		s->at++;
	}
}

void shell_scan_double(struct shell_scanner *s, struct shell_word *w)
{
	uint32_t opener = s->at++;
	w->quoted = true;
	for (int c; (c = shell_look(s, 0)) != '"'; ) {
		check_newline(s, c);
		if (c == SHELL_END || s->gave_up) {
			shell_give_up(s, opener);
			return;
		}
		if (c == SHELL_HOLE) {
			not_plain(w);
			shell_take_hole(s, SHELL_DOUBLE);
		} else if (c == '\\') {
			scan_backslash(s, w);
		} else if (c == '$') {
			not_plain(w);
			shell_scan_dollar(s, w, true);
		} else if (c == '`') {
			not_plain(w);
			shell_scan_backtick(s);
		} else {
			add_lit(w, c);
			s->at++;
		}
	}
	s->at++;
}

void shell_scan_element(struct shell_scanner *s, struct shell_word *w)
{
	int c = shell_look(s, 0);
	if (c == SHELL_HOLE) {
		not_plain(w);
		shell_take_hole(s, SHELL_BARE);
	} else if (c == '\'') {
		scan_single(s, w);
	} else if (c == '"') {
		shell_scan_double(s, w);
	} else if (c == '\\') {
		scan_backslash(s, w);
	} else if (c == '$') {
		not_plain(w);
		shell_scan_dollar(s, w, false);
	} else if (c == '`') {
		not_plain(w);
		shell_scan_backtick(s);
	} else if (c != SHELL_END) {
		add_lit(w, c);
		s->at++;
	}
}

/* [ index ] at hand: bash evaluates it as arithmetic, and looks for the ] across
 * blanks where an assignment may stand. */
static void scan_index(struct shell_scanner *s, struct shell_word *w)
{
	const char *before = s->refused;
	uint32_t opener = s->at;
	int open = 0;
	s->refused = before ? before : "as an array index";
	do {
		int c = shell_look(s, 0);
		if (c == SHELL_END || shell_one_of(c, " \t\n;&|<>()")) {
			shell_give_up(s, opener);
			break;
		}
		open += (c == '[') - (c == ']');
		shell_scan_element(s, w);
	} while (open && !s->gave_up);
	s->refused = before;
}

/* x=( words ) */
static void scan_array(struct shell_scanner *s, struct shell_word *w)
{
	uint32_t opener = s->at++;
	w->array = true;
	not_plain(w);
	if (s->dialect != SHELL_BASH || !shell_enter(s)) {
		shell_give_up(s, opener);
		return;
	}
	for (;;) {
		int c = shell_look(s, 0);
		if (c == ')')
			break;
		if (c == ' ' || c == '\t' || (c == '\n' && !s->heredoc_count)) {
			s->at++;
		} else if (c == '#') {
			shell_skip_comment(s);
		} else if (c == SHELL_END || shell_one_of(c, "\n&|;(<>")) {
			shell_give_up(s, opener);
			break;
		} else {
			struct shell_word item;
			if (c == '[') {
				shell_word_init(s, &item);
				scan_index(s, &item);
			}
			shell_scan_word(s, &item);
		}
	}
	if (!s->gave_up)
		s->at++;
	shell_leave(s);
}

/* At an = : does an assignment's name end here? */
static bool ends_name(struct shell_scanner *s, const struct shell_word *w, uint32_t index_end)
{
	struct str before = str_slice(s->text, index_end ? index_end : w->start, s->at);
	if (before.n && before.p[before.n - 1] == '+')
		before.n--;
	return index_end ? before.n == 0 : shell_is_name(before);
}

static bool ends_word(const struct shell_scanner *s, int c)
{
	if (c == '<' || c == '>')
		return shell_look(s, 1) != '(';
	return c == SHELL_END || shell_one_of(c, " \t\n;&|()");
}

/* <( ) and >( ) */
static void scan_process(struct shell_scanner *s, struct shell_word *w)
{
	uint32_t opener = s->at;
	not_plain(w);
	if (s->dialect != SHELL_BASH || !shell_enter(s)) {
		shell_give_up(s, opener);
		return;
	}
	s->at += 2;
	shell_scan_inside(s, opener);
	shell_leave(s);
}

static void scan_equals(struct shell_scanner *s, struct shell_word *w, uint32_t index_end)
{
	if (!w->assigns && !w->quoted && ends_name(s, w, index_end)) {
		w->assigns = true;
		w->value_hole = s->hole;
		w->name_end = s->at - (s->at > w->start && s->text.p[s->at - 1] == '+');
		for (uint32_t i = w->start; i < w->name_end; i++)
			if (s->text.p[i] == '[') {
				w->name_end = i;
				w->array = true;
			}
		if (w->array || shell_look(s, 1) == '(')
			shell_add_array(s, str_slice(s->text, w->start, w->name_end));
		if (shell_look(s, 1) == '(') {
			s->at++;
			scan_array(s, w);
			return;
		}
	}
	add_lit(w, '=');
	s->at++;
}

void shell_scan_word(struct shell_scanner *s, struct shell_word *w)
{
	uint32_t index_end = 0;
	shell_word_init(s, w);
	for (int c; !ends_word(s, c = shell_look(s, 0)); ) {
		if (c == '<' || c == '>') {
			scan_process(s, w);
		} else if (c == '=') {
			scan_equals(s, w, index_end);
		} else if (c == '[' && !index_end && shell_is_name(str_slice(s->text, w->start, s->at))) {
			scan_index(s, w);
			index_end = s->at;
		} else {
			shell_scan_element(s, w);
		}
	}
	/* ?( *( +( @( !( are patterns with extglob, something else without */
	if (shell_look(s, 0) == '(' && s->at > w->start && strchr("?*+@!", s->text.p[s->at - 1]))
		shell_give_up(s, w->start);
	w->end = s->at;
	w->hole_to = s->hole;
}
