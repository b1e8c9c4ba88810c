/*
 * reference: the key table as Markdown, for docs/language.md. One table for each
 * place.
 */
#include "plan/program.h"

#include <string.h>

#include "base/buf.h"
#include "syntax/keys.h"

static void put_cell(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '|')
			buf_addc(out, '\\');
		buf_addc(out, *p);
	}
}

static void put_place(struct buf *out, const struct key *all, uint32_t count, enum key_place place)
{
	static const char *const modes[] = { "L", "E", "T", "" };
	bool any = false;
	for (uint32_t i = 0; i < count; i++) {
		const struct key *k = &all[i];
		if (k->place != place)
			continue;
		if (!any)
			buf_printf(out, "\nKeys %s\n\n| key | mode | type | default | meaning |\n|---|---|---|---|---|\n", key_place_name(place));
		any = true;
		buf_printf(out, "| `%s`%s | %s | ", k->name, k->needed ? " (required)" : "", modes[k->mode]);
		put_cell(out, k->type);
		buf_addz(out, " | ");
		put_cell(out, k->dflt);
		buf_addz(out, " | ");
		put_cell(out, k->doc);
		buf_addz(out, " |\n");
	}
}

void keys_markdown(struct buf *out)
{
	uint32_t count;
	const struct key *all = keys_all(&count);
	for (int p = 0; p < IN_PLACES; p++)
		put_place(out, all, count, (enum key_place)p);
}
