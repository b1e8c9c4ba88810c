#ifndef RB_SYNTAX_NODE_PARSE_H
#define RB_SYNTAX_NODE_PARSE_H
/*
 * node_parse: libyaml's tokens to events: YAML's grammar over its scanner. The
 * events and their marks are those of yaml_parser_parse(), which costs a third
 * of libyaml's time again: it builds, copies and clears records of 100 bytes
 * for each. Reads one document; knows nothing of nodes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <yaml.h>
#include "base/str.h"

struct arena;

enum node_event_kind {
	EVENT_SCALAR,
	EVENT_ALIAS,
	EVENT_MAP,        /* a map or list begins */
	EVENT_LIST,
	EVENT_CLOSE,      /* the innermost of them ends */
	EVENT_DIRECTIVE,  /* before the document: nothing comes after it */
	EVENT_DONE,       /* end of the document */
	EVENT_NONE        /* end of the text, and there was no document */
};

struct node_event {
	uint8_t kind;      /* enum node_event_kind */
	uint8_t style;     /* enum node_style */
	bool marked;       /* an anchor or a tag stands before it, at `start` */
	bool multiline;    /* ends on another line than it begins */
	uint32_t start, end; /* libyaml's marks: characters from the start of the text */
	struct str text;   /* scalars; libyaml's memory, until the next event */
};

struct node_parser {
	yaml_parser_t yaml;
	yaml_token_t *token;  /* the one at hand, if ready: `own`, or in libyaml's queue */
	yaml_token_t own;
	bool ready, known;    /* known: libyaml is of the release whose inside is known */
	uint8_t state;
	uint8_t *states;      /* where to go on behind each open collection */
	uint32_t depth, cap;
	const char *problem;  /* after a failure: what is wrong ... */
	uint32_t problem_at;  /* ... and its mark */
};

/* Parses text, which node_scan has accepted. It is borrowed. depth_max: of collections; what is
 * deeper fails. Release it in any case. */
void node_parser_init(struct node_parser *p, struct arena *a, struct str text, uint32_t depth_max);
/* The next event; false: the text is not YAML for libyaml, see problem. */
bool node_parser_next(struct node_parser *p, struct node_event *ev);
void node_parser_release(struct node_parser *p);

#endif
