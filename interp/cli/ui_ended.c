#include "cli/ui_state.h"

#include <string.h>

#include "base/visible.h"
#include "cli/seal_text.h"

/* ui_ended: what the summary of a run says of its steps: the name of the one that failed, and
 * the reports that were written. */

enum { FAILED_MAX = 14 << 10, FILES_MAX = 1 << 10 };

void ui_ended(struct ui *u, const struct ui_running *run, const struct record *r)
{
	struct str status = record_text(r, &u->arena, "status"), name = record_text(r, &u->arena, "name");

	if ((str_eqz(status, "failed") || str_eqz(status, "timeout")) && u->failed.len < FAILED_MAX) {
		visible_add(&u->failed, r->k);
		buf_addc(&u->failed, '\n');
		if (run && run->named)
			buf_addz(&u->failed, run->what);
		else
			visible_add(&u->failed, str_slice(name, 0, 140));
		buf_printf(&u->failed, "\n%s\n", run ? run->said : "");
	}
	if (run && run->file[0] && str_eqz(status, "ok") && u->files.len < FILES_MAX) {
		if (u->files.len)
			buf_addz(&u->files, ", ");
		visible_add(&u->files, str_of(run->file));
	}
}

/* The line that begins at *at; *at is behind it then. */
static struct str next_line(struct str all, size_t *at)
{
	const char *p = all.p + *at, *nl = memchr(p, '\n', all.n - *at);
	size_t n = nl ? (size_t)(nl - p) : all.n - *at;

	*at += n + (nl != NULL);
	return (struct str){ p, n };
}

/* What is known of a step that has failed; empty: nothing. */
static void failed_step(const struct ui *u, struct str key, struct str *name, struct str *said)
{
	struct str all = buf_str(&u->failed), k, n, s;

	*name = *said = STR("");
	for (size_t at = 0; at < all.n;) {
		k = next_line(all, &at);
		n = next_line(all, &at);
		s = next_line(all, &at);
		if (!str_eq(k, key))
			continue;
		*name = n;
		*said = s;
		return;
	}
}

void ui_summary(struct ui *u, struct str run_id, int exit_code, struct str dir, bool color, struct buf *out)
{
	struct str seal = buf_str(&u->last_seal);
	struct seal_look look = {
		.run_id = run_id, .hint = u->o.state_hint, .files = buf_str(&u->files), .dir = dir,
		.exit_code = exit_code, .past = u->o.past, .asked = u->asked, .dry = u->dry, .color = color,
	};

	failed_step(u, seal_cause(&u->arena, seal), &look.name, &look.said);
	seal_text(seal, &look, out);
}
