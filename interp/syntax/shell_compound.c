/*
 * shell_compound: case, for and [[ ]]: the constructs whose own words and
 * parentheses must be told from commands.
 */
#include <string.h>

#include "syntax/shell_scan.h"

static void skip_space(struct shell_scanner *s)
{
	for (;;) {
		shell_skip_blank(s);
		int c = shell_look(s, 0);
		if (c == '\n')
			shell_scan_newline(s);
		else if (c == '#')
			shell_skip_comment(s);
		else
			return;
	}
}

static bool is_word(const struct shell_word *w, const char *text)
{
	return w->plain && !w->quoted && !strcmp(w->lit, text);
}

/* pattern {| pattern} ) : false if it is not one, or if it is esac. */
static bool scan_patterns(struct shell_scanner *s, bool *esac)
{
	struct shell_word w;
	bool open = shell_look(s, 0) == '(', first = true;
	s->at += open;
	for (;; first = false) {
		shell_skip_blank(s);
		uint32_t before = s->at;
		shell_scan_word(s, &w);
		if (s->at == before)
			return false;
		if (first && !open && is_word(&w, "esac")) {
			*esac = true;
			return false;
		}
		shell_skip_blank(s);
		if (shell_look(s, 0) == ')')
			break;
		if (shell_look(s, 0) != '|')
			return false;
		s->at++;
	}
	s->at++;
	return true;
}

static void scan_items(struct shell_scanner *s, uint32_t start)
{
	bool esac = false;
	for (;;) {
		skip_space(s);
		if (!scan_patterns(s, &esac)) {
			if (!esac)
				shell_give_up(s, start);
			return;
		}
		enum shell_stop stop = shell_scan_list(s, SHELL_CASE);
		if (s->gave_up || stop == SHELL_STOP_ESAC)
			return;
		if (stop != SHELL_STOP_DSEMI) {
			shell_give_up(s, start);
			return;
		}
		s->at += shell_look(s, 1) == ';' && shell_look(s, 2) == '&' ? 3 : 2;
	}
}

void shell_scan_case(struct shell_scanner *s, uint32_t start)
{
	struct shell_word subject, in;
	if (!shell_enter(s))
		return;
	skip_space(s);
	shell_scan_word(s, &subject);
	skip_space(s);
	shell_scan_word(s, &in);
	if (is_word(&in, "in"))
		scan_items(s, start);
	else
		shell_give_up(s, start);
	shell_leave(s);
}

void shell_scan_for(struct shell_scanner *s, uint32_t start)
{
	struct shell_word w;
	shell_skip_blank(s);
	if (shell_look(s, 0) == '(' && shell_look(s, 1) == '(' && s->dialect == SHELL_BASH) {
		s->at += 2;
		shell_scan_arithmetic(s, start);
		return;
	}
	shell_scan_word(s, &w);
	if (!w.plain || w.quoted || !shell_is_name((struct str){ w.lit, w.lit_count })) {
		shell_give_up(s, start);
		return;
	}
	shell_add_var(s, w.start, w.end, true);
	skip_space(s);
	if (shell_look(s, 0) != 'i' || shell_look(s, 1) != 'n' || shell_name_char(shell_look(s, 2)) ||
	    shell_look(s, 2) == SHELL_HOLE)
		return;
	s->at += 2;
	for (;;) {
		shell_skip_blank(s);
		uint32_t before = s->at;
		if (shell_look(s, 0) == '#')
			return;
		shell_scan_word(s, &w);
		if (s->at == before)
			return;
	}
}

/* The right side of =~ : parentheses and bars belong to it. */
static void scan_regex(struct shell_scanner *s)
{
	struct shell_word unused;
	int open = 0;
	shell_skip_blank(s);
	shell_word_init(s, &unused);
	for (int c; (c = shell_look(s, 0)) != SHELL_END && c != '\n'; ) {
		if ((c == ' ' || c == '\t') && !open)
			return;
		if (c == '<' || c == '>' || (c == ')' && !open)) {
			shell_give_up(s, s->at);
			return;
		}
		open += (c == '(') - (c == ')');
		shell_scan_element(s, &unused);
	}
}

struct test_state { struct shell_word last; bool has_last, arithmetic, regex; };

static void refuse_word(struct shell_scanner *s, const struct shell_word *w)
{
	for (uint32_t i = w->hole_from; i < w->hole_to; i++)
		shell_refuse(s, i, "as a number in [[ ]]: bash runs commands in it");
}

static bool is_arithmetic(const struct shell_word *w)
{
	static const char *const operators[] = { "-eq", "-ne", "-lt", "-le", "-gt", "-ge" };
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (is_word(w, operators[i]))
			return true;
	return false;
}

/* One word of [[ ]]. False at ]]. */
static bool test_word(struct shell_scanner *s, struct test_state *t)
{
	struct shell_word w;
	uint32_t before = s->at;
	shell_scan_word(s, &w);
	if (s->at == before) {
		shell_give_up(s, before);
		return false;
	}
	if (is_word(&w, "]]"))
		return false;
	if (t->arithmetic)
		refuse_word(s, &w);
	t->arithmetic = false;
	if (is_arithmetic(&w)) {
		if (t->has_last)
			refuse_word(s, &t->last);
		t->arithmetic = true;
	} else if (is_word(&w, "-v") || is_word(&w, "-R") || is_word(&w, "-t")) {
		t->arithmetic = true;
	}
	t->regex = is_word(&w, "=~");
	t->last = w;
	t->has_last = true;
	return true;
}

void shell_scan_test(struct shell_scanner *s, uint32_t start)
{
	struct test_state t = { .has_last = false };
	for (;;) {
		shell_skip_blank(s);
		int c = shell_look(s, 0), next = shell_look(s, 1);
		if (c == SHELL_END || c == '#' || c == ';') {
			shell_give_up(s, start);
			return;
		}
		if (t.regex) {
			scan_regex(s);
			t.regex = false;
		} else if (c == '\n') {
			shell_scan_newline(s);
		} else if (shell_one_of(c, "&|()") || ((c == '<' || c == '>') && next != '(')) {
			s->at += next == c && c != '(' && c != ')' ? 2 : 1;
			t.arithmetic = t.has_last = false;
		} else if (!test_word(s, &t)) {
			return;
		}
	}
}
