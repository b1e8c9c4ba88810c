#ifndef RB_SYNTAX_NODE_EDIT_H
#define RB_SYNTAX_NODE_EDIT_H
/*
 * node_edit: small changes to a text before libyaml reads it, and the way back:
 * from libyaml's marks (code points of the changed text) to byte offsets of the
 * source. Knows nothing of YAML.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/source.h"
#include "base/str.h"

struct arena;

struct node_edit {
	uint32_t at, drop;   /* these bytes of the source go */
	char put[2];         /* these come */
	uint8_t count;
	bool plain;          /* a quote put around plain text */
};

struct node_edits {
	struct arena *arena;
	struct node_edit *list;  /* by offset */
	uint32_t count, cap;
};

void node_edits_init(struct node_edits *es, struct arena *a);
/* Adds an edit; at equal offsets it goes behind those there, or before them. */
void node_edits_add(struct node_edits *es, struct node_edit e, bool before);

/* The text for libyaml and the map of its marks. */
struct node_text {
	const struct source *src;
	struct str text;
	uint32_t start;              /* source offset of text[0] */
	bool ascii;
	const struct node_edits *edits;  /* NULL: text is a part of the source */
	uint32_t edit_count;         /* of those, in this text */
	uint32_t stand_count;
	struct { char real[4], stand[4]; uint32_t n; } stand[3];
	/* cursor: a mark, the byte of the text there, and edits passed by it */
	uint32_t mark, byte, edit;
	int64_t shift;               /* source offset - byte, behind these edits */
};

/* Text of src[start, end) with the edits. With `breaks`, U+0085, U+2028 and
 * U+2029, which libyaml takes for line ends, get stand-ins of the same length. */
void node_text_init(struct node_text *nt, struct arena *a, const struct source *src, uint32_t start,
		    uint32_t end, bool ascii, bool breaks, const struct node_edits *edits);
/* node_text_offset() where characters are not bytes, or something was edited. */
uint32_t node_text_seek(struct node_text *nt, uint32_t mark);
/* Source offset of libyaml's mark (code points from the start of the text). Twice
 * for each event, and most files are plain ASCII: then nothing is to be looked up. */
static inline uint32_t node_text_offset(struct node_text *nt, uint32_t mark)
{
	if (!nt->ascii || nt->edits)
		return node_text_seek(nt, mark);
	return nt->start + (mark < nt->text.n ? mark : (uint32_t)nt->text.n);
}
/* True if a quote was put in at the last mark asked for, so the scalar is plain. */
bool node_text_plain(const struct node_text *nt);
/* Puts the real characters back into a scalar's text. */
void node_text_restore(const struct node_text *nt, char *p, size_t n);

#endif
