#ifndef RB_CLI_UI_H
#define RB_CLI_UI_H
/*
 * ui: shows a run while it goes on. It sees journal records (their final,
 * masked lines) and the children's output, nothing of the engine: so a past
 * run can be shown by the same code. Formats: text (terminal with live lines,
 * or plain lines and a heartbeat), json (records on stdout), github.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct ui;
struct record;

enum ui_format { UI_TEXT, UI_JSON, UI_GITHUB };
struct ui_options {
	enum ui_format format;
	bool color;
	bool terminal;            /* stderr is one: live lines */
	bool quiet_output;        /* children's output only on failure */
	bool running;             /* a run is under way, which no reader may hold up */
	bool past;                /* a past run is shown: all on stdout */
	struct str run;           /* the run's id, for the commands that are suggested */
	struct str state_hint;    /* " --state DIR" for the commands that are suggested, or empty */
};

/* " --state DIR" as a shell reads it, if the command was given one; else empty. */
struct cli;
struct str ui_state_hint(struct cli *c);
struct ui *ui_new(const struct ui_options *o);
void ui_free(struct ui *u);
/* A journal record, as written. It is shown before anything else happens on the display, at
 * the latest with ui_idle(). */
void ui_record(void *ui, struct str line);
/* A record of before a takeover, in order: nothing is shown, but what was under way is known. */
void ui_begun(void *ui, const struct record *r);
/* Output of a step: already masked, controls are escaped here. */
void ui_output(void *ui, struct str key, int stream, struct str bytes);
/* Before a question is asked on the terminal (open), and after it; text is written. */
void ui_question(void *ui, bool open, struct str text);
/* About once a second: redraw, heartbeat. */
void ui_tick(void *ui);
/* Nothing happens for a moment: what was held back is written. */
void ui_idle(void *ui);
/* The end: summary on stderr (text), run.end line on stdout (json). report: path or empty. */
void ui_end(struct ui *u, struct str run_id, int exit_code, struct str run_dir);

#endif
