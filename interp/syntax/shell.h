#ifndef RB_SYNTAX_SHELL_H
#define RB_SYNTAX_SHELL_H
/*
 * shell: the quote scanner of language.md section 2. It reads a script template
 * and decides for each hole how the value enters the script: as "${RB_1}" when
 * unquoted, as ${RB_1} inside double quotes; refused in single quotes,
 * here-documents, backticks, $((...)), comments and wherever it is unsure. A
 * scanner bug can mis-split a word but never run code.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "syntax/template.h"

enum shell_dialect { SHELL_SH, SHELL_BASH, SHELL_PWSH };
enum shell_context { SHELL_BARE, SHELL_DOUBLE, SHELL_REFUSED };

struct shell_hole { uint8_t context; const char *why; /* of a refusal */ };

/* A name that the script reads ($x, ${x...}) or sets (x=, read x, for x, export x, local x ...). */
struct shell_var { struct str name; uint32_t start, end; /* in the scalar's text */ bool set; };

struct shell_scan {
	const struct shell_hole *holes;   /* one per hole of the template, in order */
	uint32_t hole_count;
	const struct shell_var *vars;     /* by command; what one reads stands before what it sets.
					   * Only the script's own: not $1, not what the shell sets */
	uint32_t var_count;
	uint32_t pipe_at;                 /* offset of a pipeline's first |, or UINT32_MAX */
	bool has_pipe;
	bool complete;                    /* false: gave up (unknown construct); holes after that are refused */
	/* Commands that parse their argument again (eval, sh -c, ssh, psql -c, awk ...) with a hole in it. */
	const uint32_t *reparse_holes; uint32_t reparse_count;
};

/* Scans; never fails; arena owns the result. */
struct shell_scan shell_scan(struct arena *a, const struct tmpl *t, enum shell_dialect d);
/* The program text with holes replaced: "${RB_1}" etc.; numbering from 1. */
struct str shell_program(struct arena *a, const struct tmpl *t, const struct shell_scan *s, enum shell_dialect d);
/* One POSIX word: safe bytes as they are, else single quotes. */
struct buf;
void shell_quote(struct buf *out, struct str word);

#endif
