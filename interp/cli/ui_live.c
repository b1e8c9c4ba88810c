#include "cli/ui_state.h"

#include <unistd.h>
#include "cli/command.h"
#include "host/tty.h"
#include "value/units.h"

/*
 * ui_live: the lines below all others on a terminal: one for each running step and
 * for each monitor that watches. They are drawn again and again; what they said is
 * lost, so nothing stands only here.
 */

void ui_took(struct buf *out, int64_t us)
{
	if (us < 1000) {
		buf_addz(out, "0ms");
		return;
	}
	unit_show_duration(out, us * 1000);
}

void ui_erase_live(struct ui *u)
{
	char seq[32];
	struct buf b;

	if (!u->live)
		return;
	buf_init(&b, sizeof(seq));
	buf_printf(&b, "\x1b[%uA\x1b[J", u->live);
	cli_err(buf_str(&b));
	buf_release(&b);
	u->live = 0;
}

/* Ends a live line that began at start: it must not be wider than the terminal. */
static void end_live(struct ui *u, struct buf *b, size_t start, int width)
{
	while (b->len > start && utf8_width(str_slice(buf_str(b), start, b->len)) > (size_t)width - 1) {
		b->len--;
		while (b->len > start && ((unsigned char)b->p[b->len] & 0xc0) == 0x80)
			b->len--;
	}
	buf_addc(b, '\n');
	u->live++;
}

void ui_draw_live(struct ui *u)
{
	int64_t now;
	int width, monitors = 0;
	struct buf b;

	if (!u->o.terminal || u->asking || ui_behind(u))
		return;
	now = ui_now(u);
	width = tty_width(STDERR_FILENO);
	buf_init(&b, 16 << 10);
	for (int i = 0; i < UI_RUNNING && u->live < UI_LIVE_LINES; i++) {
		const struct ui_running *run = &u->running[i];
		size_t start = b.len;

		if (!run->used)
			continue;
		buf_addz(&b, "  ... ");
		ui_took(&b, now - run->since);
		buf_addz(&b, "  ");
		buf_addz(&b, run->key);
		buf_addz(&b, "  ");
		buf_addz(&b, run->last[0] ? run->last : run->what);
		end_live(u, &b, start, width);
	}
	for (int i = 0; i < UI_MONITORS && monitors < UI_LIVE_MONITORS; i++) {
		size_t start = b.len;

		if (!ui_monitor_live(u, i, now, &b))
			continue;
		monitors++;
		end_live(u, &b, start, width);
	}
	if (b.len)
		cli_err(buf_str(&b));
	buf_release(&b);
}
