#include "cli/ui_state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "base/visible.h"
#include "cli/command.h"
#include "report/report.h"

/*
 * ui_github: workflow commands for GitHub Actions on standard output: a group
 * per phase, an error annotation per failure, the step summary. Children's
 * output stands between stop-commands, so that it cannot give commands.
 */

static void put_escaped(struct buf *out, struct str s, bool property)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%')
			buf_addz(out, "%25");
		else if (c == '\r')
			buf_addz(out, "%0D");
		else if (c == '\n')
			buf_addz(out, "%0A");
		else if (property && c == ':')
			buf_addz(out, "%3A");
		else if (property && c == ',')
			buf_addz(out, "%2C");
		else
			buf_addc(out, c);
	}
}

static void flush(struct ui *u)
{
	buf_addc(&u->line, '\n');
	ui_write(u, STDOUT_FILENO, buf_str(&u->line));
	buf_clear(&u->line);
}

static void end_group(struct ui *u)
{
	if (u->group) {
		buf_addz(&u->line, "::endgroup::");
		flush(u);
	}
	u->group = false;
}

static void begin_group(struct ui *u, struct str title)
{
	end_group(u);
	buf_addz(&u->line, "::group::");
	put_escaped(&u->line, title, false);
	flush(u);
	u->group = true;
}

/* "deploy.yml:38:3" as file=,line=,col= */
static void put_place(struct buf *out, struct str at)
{
	size_t c2 = at.n, c1;

	while (c2 > 0 && at.p[c2 - 1] != ':')
		c2--;
	c1 = c2 ? c2 - 1 : 0;
	while (c1 > 0 && at.p[c1 - 1] != ':')
		c1--;
	if (!c1)
		return;
	buf_addz(out, "file=");
	put_escaped(out, str_slice(at, 0, c1 - 1), true);
	buf_addz(out, ",line=");
	buf_adds(out, str_slice(at, c1, c2 - 1));
	buf_addz(out, ",col=");
	buf_adds(out, str_slice(at, c2, at.n));
	buf_addc(out, ',');
}

static void on_outcome(struct ui *u, const struct record *r)
{
	struct str status = record_text(r, &u->arena, "status"), error = record_text(r, &u->arena, "error");

	if (error.n && !str_eqz(status, "cancelled")) {
		buf_addz(&u->line, "::error ");
		put_place(&u->line, record_text(r, &u->arena, "at"));
		buf_addz(&u->line, "title=");
		put_escaped(&u->line, r->k, true);
		buf_addz(&u->line, "::");
		put_escaped(&u->line, error, false);
		flush(u);
		return;
	}
	buf_printf(&u->line, STR_FMT "  ", STR_ARG(record_bool(r, "dry") ? STR("would run") : status));
	visible_add(&u->line, r->k);
	flush(u);
}

/* A rule that fires is an issue, and becomes an annotation as such. */
static void on_monitor(struct ui *u, const struct record *r)
{
	const char *word;
	struct buf say;

	buf_init(&say, 8192);
	word = ui_monitor_record(u, r, &say);
	if (word && !str_eqz(r->t, "rule")) {
		buf_clear(&u->line);
		buf_printf(&u->line, "%s  ", word);
		visible_add(&u->line, r->k);
		buf_printf(&u->line, "  " STR_FMT, STR_ARG(buf_str(&say)));
		flush(u);
	}
	buf_release(&say);
}

void ui_github_record(struct ui *u, const struct record *r)
{
	on_monitor(u, r);
	buf_clear(&u->line);
	if (str_eqz(r->t, "phase.open"))
		begin_group(u, r->k);
	else if (str_eqz(r->t, "phase.close"))
		end_group(u);
	else if (str_eqz(r->t, "comp.plan"))
		begin_group(u, STR("rollback"));
	else if (str_eqz(r->t, "step.outcome"))
		on_outcome(u, r);
	else if (str_eqz(r->t, "issue") && str_eqz(record_text(r, &u->arena, "severity"), "warning")) {
		buf_addz(&u->line, "::warning title=");
		put_escaped(&u->line, r->k.n ? r->k : STR("run"), true);
		buf_addz(&u->line, "::");
		put_escaped(&u->line, record_text(r, &u->arena, "text"), false);
		flush(u);
	} else if (str_eqz(r->t, "question") && !u->dry && !record_bool(r, "again") && !u->interactive) {
		struct buf command;

		buf_init(&command, 8192);
		ui_answer_command(u, r, &command);
		buf_addz(&u->line, "::notice title=");
		put_escaped(&u->line, r->k, true);
		buf_addz(&u->line, "::waits: ");
		put_escaped(&u->line, buf_str(&command), false);
		buf_release(&command);
		flush(u);
	} else if (str_eqz(r->t, "comp.outcome")) {
		buf_adds(&u->line, record_text(r, &u->arena, "status"));
		buf_addz(&u->line, "  ");
		visible_add(&u->line, r->k);
		flush(u);
	}
}

void ui_github_output(struct ui *u, struct str key, struct str line)
{
	buf_clear(&u->line);
	buf_printf(&u->line, "::stop-commands::%s\n", u->token);
	visible_add(&u->line, key);
	buf_addz(&u->line, " | ");
	visible_add(&u->line, line);
	buf_printf(&u->line, "\n::%s::", u->token);
	flush(u);
}

enum { STEP_SUMMARY_MAX = 1 << 20 }; /* GitHub takes no more of a step */

static void step_summary(const char *path, struct str text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		return;
	(void)file_write_all(fd, text.p, text.n);
	close(fd);
}

/* The report of the run in Markdown; if that is too long, how the run ended. */
static void put_step_summary(struct ui *u, const char *path, struct str dir, struct str ended)
{
	struct report r;
	struct buf md;

	buf_init(&md, STEP_SUMMARY_MAX);
	if (!report_read(&u->arena, arena_printf(&u->arena, STR_FMT "/journal.jsonl", STR_ARG(dir)).p, false, &r) ||
	    !report_make(&r, arena_printf(&u->arena, STR_FMT, STR_ARG(dir)).p, REPORT_MD, &md)) {
		buf_clear(&md);
		buf_addz(&md, "### runbook\n\n```\n");
		buf_adds(&md, str_trim(ended));
		buf_addz(&md, "\n```\n");
	}
	step_summary(path, buf_str(&md));
	buf_release(&md);
}

void ui_github_end(struct ui *u, struct str run_id, int exit_code, struct str dir)
{
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	struct buf b;

	buf_clear(&u->line);
	end_group(u);
	ui_idle(u);
	buf_init(&b, 512 << 10);
	ui_summary(u, run_id, exit_code, dir, false, &b);
	cli_out(buf_str(&b));
	if (path && *path)
		put_step_summary(u, path, dir, buf_str(&b));
	buf_release(&b);
}
