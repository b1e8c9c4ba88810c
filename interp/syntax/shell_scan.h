#ifndef RB_SYNTAX_SHELL_SCAN_H
#define RB_SYNTAX_SHELL_SCAN_H
/*
 * shell_scan: the state of one scan of a script, shared by the lists and
 * commands (shell_command.c), words and quotes (shell_word.c), what commands do
 * with their words (shell_effect.c) and pwsh (shell_pwsh.c). The script is a
 * text in which a hole counts as one character. For shell*.c only.
 *
 * The rule above all: what is not surely understood is given up, and every hole
 * behind that point is refused.
 */
#include "syntax/shell.h"

enum { SHELL_END = -1, SHELL_HOLE = 256, SHELL_PAST_HOLE = 257 };
enum { SHELL_DEPTH_MAX = 48, SHELL_HEREDOCS_MAX = 16, SHELL_LIT_MAX = 63 };

/* What a hole's value meets later; see shell_effect.c. */
enum { HOLE_ASSIGNED = 1, HOLE_DECLARED = 2, HOLE_REPARSED = 4 };

struct heredoc { struct str end; bool quoted, tabs; int inside; };

struct shell_scanner {
	struct arena *a;
	const struct tmpl *t;
	struct str text;
	enum shell_dialect dialect;
	uint32_t at, hole;            /* next byte, next hole */
	struct shell_hole *holes;
	uint8_t *marks;               /* HOLE_* per hole */
	uint32_t hole_count;
	struct shell_var *vars;       /* malloc */
	uint32_t var_count, var_cap;
	const char *refused;          /* holes here are refused for this reason */
	uint32_t pipe_at;
	int depth;                    /* of calls */
	int inside;                   /* of $( ) and <( ) */
	struct heredoc heredocs[SHELL_HEREDOCS_MAX];
	int heredoc_count;
	bool gave_up;
	bool opaque;                  /* names may be set by what is not seen, or need not be */
	struct str *arrays;           /* malloc: names that are arrays somewhere in the script */
	struct str *declared;         /* per hole: the name that it is declared as */
	uint32_t array_count, array_cap;
	bool has_array;               /* of a name that is not known */
	bool has_integer;             /* an integer or a reference, somewhere */
};

/* One word: its dequoted text as far as it is literal, and its holes. */
struct shell_word {
	uint32_t start, end;
	uint32_t hole_from, hole_to;
	uint32_t value_hole;          /* first hole behind the = of an assignment */
	uint32_t name_end;            /* of an assignment, else 0 */
	uint16_t lit_count;
	uint16_t hole_lit;            /* lit_count at the first hole or expansion */
	bool plain;                   /* no hole, no expansion */
	bool quoted;
	bool assigns;
	bool array;                   /* x=( or x[ */
	char lit[SHELL_LIT_MAX + 1];
};

/* The character k places ahead: a byte, SHELL_HOLE, SHELL_END, SHELL_PAST_HOLE. */
int shell_look(const struct shell_scanner *s, uint32_t k);
/* Passes the hole at hand. */
void shell_take_hole(struct shell_scanner *s, enum shell_context context);
void shell_refuse(struct shell_scanner *s, uint32_t hole, const char *why);
/* Refuses all holes from this offset on and goes to the end. The first call counts. */
void shell_give_up(struct shell_scanner *s, uint32_t from);
void shell_add_var(struct shell_scanner *s, uint32_t start, uint32_t end, bool set);
/* Notes that the name is an array; not a name: any may be. */
void shell_add_array(struct shell_scanner *s, struct str name);
bool shell_one_of(int c, const char *set);
bool shell_is_name(struct str s);
bool shell_name_start(int c);
bool shell_name_char(int c);
/* Counts a level of nesting; false and given up if there are too many. */
bool shell_enter(struct shell_scanner *s);
void shell_leave(struct shell_scanner *s);

/* shell_word.c: a word at hand (maybe empty). */
void shell_scan_word(struct shell_scanner *s, struct shell_word *w);
/* One element of a word: a quoted part, an expansion, a hole or one character. */
void shell_scan_element(struct shell_scanner *s, struct shell_word *w);
void shell_word_init(const struct shell_scanner *s, struct shell_word *w);
/* shell_expand.c: at a $, at a backtick, at ((. */
void shell_scan_dollar(struct shell_scanner *s, struct shell_word *w, bool in_double);
void shell_scan_backtick(struct shell_scanner *s);
void shell_scan_double(struct shell_scanner *s, struct shell_word *w);
void shell_scan_arithmetic(struct shell_scanner *s, uint32_t opener);

/* shell_command.c */
enum shell_list { SHELL_TOP, SHELL_PAREN, SHELL_CASE };
enum shell_stop { SHELL_STOP_END, SHELL_STOP_PAREN, SHELL_STOP_DSEMI, SHELL_STOP_ESAC };
enum shell_stop shell_scan_list(struct shell_scanner *s, enum shell_list mode);
/* The inside of $( ) and <( ), behind the open parenthesis at `opener`. */
void shell_scan_inside(struct shell_scanner *s, uint32_t opener);
void shell_skip_blank(struct shell_scanner *s);
/* shell_compound.c: behind the words case, for, [[ . */
void shell_scan_case(struct shell_scanner *s, uint32_t start);
void shell_scan_for(struct shell_scanner *s, uint32_t start);
void shell_scan_test(struct shell_scanner *s, uint32_t start);
/* Passes a newline and the here-documents that begin behind it. */
void shell_scan_newline(struct shell_scanner *s);
/* At < or >. */
void shell_scan_redirect(struct shell_scanner *s);
void shell_skip_comment(struct shell_scanner *s);

/* shell_effect.c: what a simple command does with its words. */
void shell_command_effect(struct shell_scanner *s, const struct shell_word *words, uint32_t count);
/* Once at the end: refuses what declarations elsewhere in the script make unsafe. */
void shell_final_effect(struct shell_scanner *s);

/* shell_pwsh.c */
void shell_scan_pwsh(struct shell_scanner *s);

#endif
