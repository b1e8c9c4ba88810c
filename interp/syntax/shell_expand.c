/*
 * shell_expand: expansions: $x, ${x...}, $(...), $((...)), `...`, and which
 * variables they read. Inside $( ) quoting starts afresh; inside the others a
 * hole is refused.
 */
#include "syntax/shell_scan.h"

static const char *refuse_inside(struct shell_scanner *s, const char *why)
{
	const char *before = s->refused;
	if (!before)
		s->refused = why;
	return before;
}

static void pass_escaped(struct shell_scanner *s)
{
	s->at++;
	if (shell_look(s, 0) == SHELL_HOLE)
		shell_take_hole(s, SHELL_BARE);
	else if (shell_look(s, 0) != SHELL_END)
		s->at++;
}

void shell_scan_backtick(struct shell_scanner *s)
{
	const char *before = refuse_inside(s, "inside backticks");
	uint32_t opener = s->at++;
	for (int c; (c = shell_look(s, 0)) != '`'; ) {
		if (c == SHELL_END || (c == '\n' && s->heredoc_count)) {
			shell_give_up(s, opener);
			break;
		}
		if (c == SHELL_HOLE)
			shell_take_hole(s, SHELL_BARE);
		else if (c == '\\')
			pass_escaped(s);
		else
			s->at++;
	}
	s->refused = before;
	if (!s->gave_up)
		s->at++;
}

/* True if an assignment operator follows a name in arithmetic. */
static bool arithmetic_sets(const struct shell_scanner *s)
{
	uint32_t k = 0;
	while (shell_look(s, k) == ' ')
		k++;
	int c = shell_look(s, k), next = shell_look(s, k + 1);
	if (c == '=')
		return next != '=';
	if ((c == '+' || c == '-') && next == c)
		return true;
	if (shell_one_of(c, "+-*/%&|^"))
		return next == '=';
	return (c == '<' || c == '>') && next == c && shell_look(s, k + 2) == '=';
}

static void arithmetic_name(struct shell_scanner *s)
{
	uint32_t start = s->at;
	while (shell_name_char(shell_look(s, 0)))
		s->at++;
	bool sets = arithmetic_sets(s);
	/* an unset name is 0 to dash, an error to bash -u */
	if (sets || s->dialect == SHELL_BASH)
		shell_add_var(s, start, s->at, sets);
}

/* One step inside (( )); false at its end. */
static bool arithmetic_step(struct shell_scanner *s, uint32_t opener, int *open)
{
	struct shell_word unused;
	int c = shell_look(s, 0);
	if (c == ')' && !*open) {
		/* a single ) : a subshell in a subshell after all */
		if (shell_look(s, 1) != ')')
			shell_give_up(s, opener);
		else
			s->at += 2;
		return false;
	}
	if (c == SHELL_END || c == '\'' || (c == '\n' && s->heredoc_count)) {
		shell_give_up(s, opener);
		return false;
	}
	shell_word_init(s, &unused);
	*open += (c == '(') - (c == ')');
	if (c == '$')
		shell_scan_dollar(s, &unused, true);
	else if (shell_name_start(c))
		arithmetic_name(s);
	else if (c >= '0' && c <= '9')
		while (shell_name_char(shell_look(s, 0)) || shell_look(s, 0) == '#')
			s->at++;
	else
		shell_scan_element(s, &unused);
	return true;
}

void shell_scan_arithmetic(struct shell_scanner *s, uint32_t opener)
{
	const char *before = refuse_inside(s, "in arithmetic");
	int open = 0;
	while (arithmetic_step(s, opener, &open) && !s->gave_up)
		;
	s->refused = before;
}

/* $'...' : sh without it sees a $ and plain single quotes, which end alike only
 * where there is no backslash. */
static void scan_ansi(struct shell_scanner *s)
{
	const char *before = refuse_inside(s, "inside $'...'");
	uint32_t opener = s->at;
	s->at += 2;
	for (int c; (c = shell_look(s, 0)) != '\''; ) {
		if (c == SHELL_END || (c == '\n' && s->heredoc_count) || (c == '\\' && s->dialect != SHELL_BASH)) {
			shell_give_up(s, opener);
			break;
		}
		if (c == SHELL_HOLE)
			shell_take_hole(s, SHELL_BARE);
		else if (c == '\\')
			pass_escaped(s);
		else
			s->at++;
	}
	s->refused = before;
	if (!s->gave_up)
		s->at++;
}

static bool special_parameter(int c)
{
	return shell_one_of(c, "@*#?-$!0123456789");
}

/* The word behind ${x:- and its like, with the closing brace. */
static void brace_rest(struct shell_scanner *s, uint32_t opener, bool in_double)
{
	struct shell_word unused;
	shell_word_init(s, &unused);
	for (int c; (c = shell_look(s, 0)) != '}'; ) {
		bool process = (c == '<' || c == '>') && shell_look(s, 1) == '(';
		/* in double quotes bash and POSIX do not agree what ' is here */
		if (c == SHELL_END || process || (c == '\'' && in_double) || (c == '\n' && s->heredoc_count)) {
			shell_give_up(s, opener);
			return;
		}
		if (c == '$')
			shell_scan_dollar(s, &unused, in_double);
		else
			shell_scan_element(s, &unused);
		if (s->gave_up)
			return;
	}
	s->at++;
}

/* Notes the read of ${name op: with a default the name may be missing. */
static void brace_var(struct shell_scanner *s, uint32_t start, uint32_t end, bool indirect)
{
	int c = shell_look(s, 0), next = shell_look(s, 1);
	int op = c == ':' ? next : c;
	if (indirect && (c == '*' || c == '@') && next == '}')
		return; /* ${!prefix*} lists names */
	if (op == '=')
		shell_add_var(s, start, end, true);
	else if (op != '-' && op != '+')
		shell_add_var(s, start, end, false);
}

static void scan_brace(struct shell_scanner *s, bool in_double)
{
	const char *before = refuse_inside(s, "inside ${...}");
	uint32_t opener = s->at, start;
	bool indirect = false;
	s->at += 2;
	int c = shell_look(s, 0), next = shell_look(s, 1);
	/* ${ cmd; } and ${| cmd; } of newer shells; a spliced line */
	if (c == ' ' || c == '\t' || c == '\n' || c == '|' || c == '\\')
		shell_give_up(s, opener);
	if ((c == '#' || c == '!') && (shell_name_start(next) || (c == '#' && next != '}' && special_parameter(next)))) {
		indirect = c == '!';
		s->at++;
		c = next;
	}
	start = s->at;
	if (shell_name_start(c)) {
		while (shell_name_char(shell_look(s, 0)))
			s->at++;
		uint32_t end = s->at;
		if (shell_look(s, 0) == '[') {
			while (shell_look(s, 0) != ']' && shell_look(s, 0) != SHELL_END && !s->gave_up) {
				struct shell_word unused;
				shell_word_init(s, &unused);
				shell_scan_element(s, &unused);
			}
			if (!s->gave_up)
				s->at += shell_look(s, 0) == ']';
		}
		brace_var(s, start, end, indirect);
	} else if (special_parameter(c)) {
		s->at++;
	}
	brace_rest(s, opener, in_double);
	s->refused = before;
}

static void scan_parenthesis(struct shell_scanner *s)
{
	uint32_t opener = s->at;
	if (shell_look(s, 2) == '(') {
		s->at += 3;
		shell_scan_arithmetic(s, opener);
		return;
	}
	s->at += 2;
	/* a spliced line may hide $(( */
	if (shell_look(s, 0) == '\\' && shell_look(s, 1) == '\n')
		shell_give_up(s, opener);
	else
		shell_scan_inside(s, opener);
}

static void scan_quoted_dollar(struct shell_scanner *s, struct shell_word *w)
{
	const char *before = refuse_inside(s, "inside $\"...\"");
	s->at++;
	shell_scan_double(s, w);
	s->refused = before;
}

void shell_scan_dollar(struct shell_scanner *s, struct shell_word *w, bool in_double)
{
	int c = shell_look(s, 1);
	uint32_t start = s->at;
	if (!shell_enter(s))
		return;
	if (c == '(') {
		scan_parenthesis(s);
	} else if (c == '{') {
		scan_brace(s, in_double);
	} else if (c == '[' || (c == '\\' && shell_look(s, 2) == '\n')) {
		shell_give_up(s, start);
	} else if (c == '\'' && !in_double) {
		scan_ansi(s);
	} else if (c == '"' && !in_double) {
		scan_quoted_dollar(s, w);
	} else if (c == SHELL_HOLE) {
		s->at++;
		shell_refuse(s, s->hole, "behind a `$`");
		shell_take_hole(s, SHELL_BARE);
	} else if (shell_name_start(c)) {
		s->at++;
		while (shell_name_char(shell_look(s, 0)))
			s->at++;
		shell_add_var(s, start + 1, s->at, false);
	} else {
		s->at += special_parameter(c) ? 2 : 1;
	}
	shell_leave(s);
}
