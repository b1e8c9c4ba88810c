#ifndef RB_CLI_UI_STATE_H
#define RB_CLI_UI_STATE_H
/* ui_state: what the files of the display share: what runs now, and the lines
 * under way. Only for cli/ui*.c. */
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "cli/ui.h"
#include "journal/record.h"

enum { UI_RUNNING = 64, UI_LIVE_LINES = 8, UI_MONITORS = 16, UI_LIVE_MONITORS = 4 };

/* A step that runs now. */
struct ui_running {
	char key[128];
	size_t key_n;
	char what[160];          /* its command or name, short */
	char last[160];          /* last line of output, safe to show */
	char said[640];          /* last line of its standard error, safe to show */
	struct buf partial[2];   /* output not yet ended by a newline: stdout, stderr */
	struct buf question;     /* of a confirm that the terminal would show: if --yes or -i answers, it does not */
	int64_t since;           /* us of the run */
	bool announced;          /* plain: its start was shown */
	bool named;              /* what: begins with its name */
	char file[64];           /* a report that it writes into the run's folder; else empty */
	bool used;
	bool would;              /* dry-run: what it would do or ask was shown */
	bool maybe;              /* dry-run: whether it runs is decided at run time */
};
struct ui {
	struct ui_options o;
	struct arena arena;      /* of one record */
	struct ui_running running[UI_RUNNING];
	int running_end;         /* behind the last one in use */
	struct buf line;         /* being made */
	struct buf words;        /* of what is described */
	int64_t now;             /* us of the run, of the last record */
	int64_t boot_at_now;     /* clock_boot of that */
	int64_t drawn_at, beat_at;
	uint32_t live;           /* live lines on the screen */
	bool ended_would, ended_maybe; /* of the step whose outcome is shown */
	bool dry, sealed, unwinding;
	bool asked;              /* a person said `rollback` */
	bool asking, broken;     /* a question stands on the terminal; other lines came behind it */
	bool interactive;        /* a person is at this run's terminal */
	struct buf prompt;       /* the last line of that question */
	char item[128];          /* what was asked for last: key and item, "plan/ask ticket" */
	struct str phase;        /* static */
	struct buf last_seal;    /* the seal or held record's line */
	struct buf failed;       /* steps that have failed: "key\nname\nlast line of stderr\n", safe to show; the name or the line may be empty */
	struct buf files;        /* reports that were written: "a.md, b.json", safe to show */
	char token[33];          /* github: of stop-commands */
	bool group;
	struct buf records;      /* lines not yet shown */
	struct ui_monitors *monitors; /* what they see (ui_monitor.c); NULL: nothing yet */
	struct ui_out {          /* 0: standard output, 1: standard error */
		struct buf text;         /* not yet written; its first `sent` bytes are */
		size_t sent;
		int std, fd;             /* fd: the same file, without waiting; -1: none */
		bool behind;             /* its reader does not read */
		uint64_t lost;           /* bytes left out meanwhile */
	} out[2];
};

/* ui_out.c. With o.running nothing waits more than a second for a reader. */
void ui_out_init(struct ui *u);
/* Writes all, however long it takes; from then on everything waits. */
void ui_out_end(struct ui *u);
/* Does standard error's reader not read? */
bool ui_behind(const struct ui *u);
/* Writes what is kept, as far as it goes without waiting. */
void ui_flush(struct ui *u);
/* Writes to fd; kept until ui_idle() unless it is a terminal or much. */
void ui_write(struct ui *u, int fd, struct str s);

struct ui_running *ui_running_find(struct ui *u, struct str key);
/* Now, in us of the run. */
int64_t ui_now(const struct ui *u);

/* Appends the command with which somebody else answers the question of this record. */
void ui_answer_command(struct ui *u, const struct record *r, struct buf *out);

/* ui_text.c */
/* what: for an outcome, what its intent was (empty if there was none). */
void ui_text_record(struct ui *u, const struct record *r, const char *what);
void ui_text_output(struct ui *u, struct ui_running *run, int stream, struct str line);
void ui_text_tick(struct ui *u);
void ui_text_end(struct ui *u, struct str run_id, int exit_code, struct str dir);
/* Short description of an intent: name, or command; at most max bytes, safe to show. It stands
 * in u->words until the next one is made. */
struct str ui_describe(struct ui *u, const struct record *r, size_t max);
/* Does this intent of a dry-run say what the step would do (a command, a message)? */
bool ui_would(const struct record *r);
/* "\x1b[31m" or "" */
const char *ui_color(const struct ui *u, const char *sgr);

/* ui_ended.c */
/* Keeps of a step that has ended what its run's summary needs. run: what it was; NULL: it was not
 * seen to begin. */
void ui_ended(struct ui *u, const struct ui_running *run, const struct record *r);
/* Appends the summary of the run. */
void ui_summary(struct ui *u, struct str run_id, int exit_code, struct str dir, bool color, struct buf *out);

/* ui_live.c */
void ui_erase_live(struct ui *u);
void ui_draw_live(struct ui *u);
/* A duration for people; below one millisecond it is 0ms. */
void ui_took(struct buf *out, int64_t us);

/* ui_monitor.c */
/* Takes a record of a monitor. A word if it is a change that people want to know, such as
 * "firing", with what to say of it (safe to show) in say; else NULL. */
const char *ui_monitor_record(struct ui *u, const struct record *r, struct buf *say);
/* Is this issue the one of a rule that was told of as "firing"? */
bool ui_monitor_told(struct ui *u, const struct record *r);
/* The live line of the i-th monitor, without its newline. False: it does not watch now. */
bool ui_monitor_live(const struct ui *u, int i, int64_t now, struct buf *out);
void ui_monitors_free(struct ui *u);

/* ui_json.c */
void ui_json_end(struct ui *u, struct str run_id, int exit_code, struct str dir);
/* ui_github.c */
void ui_github_record(struct ui *u, const struct record *r);
void ui_github_output(struct ui *u, struct str key, struct str line);
void ui_github_end(struct ui *u, struct str run_id, int exit_code, struct str dir);

#endif
