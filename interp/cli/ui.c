#include "cli/ui.h"

#include "base/mem.h"
#include "cli/command.h"

/* ui: shows records. */
struct ui { struct ui_options o; };

struct ui *ui_new(const struct ui_options *o)
{
	struct ui *u = mem_alloc(sizeof(*u));

	u->o = *o;
	return u;
}

void ui_free(struct ui *u)
{
	mem_free(u);
}

void ui_record(void *ui, struct str line)
{
	struct ui *u = ui;

	if (u->o.format == UI_JSON) {
		cli_out(line);
		cli_out(STR("\n"));
	} else {
		cli_err(line);
		cli_err(STR("\n"));
	}
}

void ui_output(void *ui, struct str key, int stream, struct str bytes)
{
	(void)ui, (void)key, (void)stream;
	cli_err(bytes);
}

void ui_question(void *ui, bool open, struct str text)
{
	(void)ui;
	if (open)
		cli_err(text);
}

void ui_tick(void *ui)
{
	(void)ui;
}

void ui_end(struct ui *u, struct str run_id, int exit_code, struct str run_dir)
{
	(void)u, (void)run_id, (void)exit_code, (void)run_dir;
}
