#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/pages.h"
#include "cli/command.h"
#include "eval/eval.h"
#include "syntax/keys.h"

/* explain: the page of a diagnostic code, a key or a function. */

static bool explain_code(const char *what, struct buf *out)
{
	struct str page;

	if (strncasecmp(what, "RB", 2) || !isdigit((unsigned char)what[2]))
		return false;
	page = page_find((int)strtol(what + 2, NULL, 10));
	buf_adds(out, page);
	return page.n > 0;
}

static const char *const mode_texts[] = { "literal", "expression", "text with ${{ }}", "structure" };

static bool explain_key(struct str name, struct buf *out)
{
	uint32_t n;
	const struct key *k = keys_all(&n);
	bool found = false;

	for (uint32_t i = 0; i < n; i++) {
		if (!str_eqz(name, k[i].name))
			continue;
		buf_printf(out, "%s`%s` %s\n  type     %s\n  value    %s\n", found ? "\n" : "", k[i].name,
			   key_place_name((enum key_place)k[i].place), k[i].type, mode_texts[k[i].mode]);
		if (k[i].dflt[0])
			buf_printf(out, "  default  %s\n", k[i].dflt);
		buf_printf(out, "\n%s\n", k[i].doc);
		found = true;
	}
	return found;
}

static bool explain_function(struct str name, struct buf *out)
{
	uint32_t n;
	const struct function_doc *f = function_docs(&n);

	for (uint32_t i = 0; i < n; i++) {
		if (!str_eqz(name, f[i].name))
			continue;
		buf_printf(out, "%s\n\n%s (%s)\n", f[i].signature, f[i].doc, f[i].group);
		return true;
	}
	return false;
}

static int nothing_found(const char *what)
{
	uint32_t keys, functions, n = 0;
	const struct key *k = keys_all(&keys);
	const struct function_doc *f = function_docs(&functions);
	struct str names[1024], near;

	for (uint32_t i = 0; i < keys && n < 1024; i++)
		names[n++] = str_of(k[i].name);
	for (uint32_t i = 0; i < functions && n < 1024; i++)
		names[n++] = str_of(f[i].name);
	near = diag_nearest(str_of(what), names, n);
	if (near.n)
		cli_error("nothing is known of `%s`; did you mean `" STR_FMT "`?", what, STR_ARG(near));
	else
		cli_error("nothing is known of `%s`; give a code such as RB214, a key or a function", what);
	return EXIT_FAILED;
}

static void list_all(struct buf *b)
{
	uint32_t n;
	size_t codes;
	const struct function_doc *f = function_docs(&n);
	const struct diag_code *c = diag_codes(&codes);

	buf_addz(b, "Functions:\n");
	for (uint32_t i = 0; i < n; i++)
		buf_printf(b, "  %-14s %s\n", f[i].name, f[i].doc);
	buf_addz(b, "\nCodes:\n");
	for (size_t i = 0; i < codes; i++)
		buf_printf(b, "  RB%03d  %s\n", c[i].code, c[i].title);
}

static int explain_run(struct cli *c)
{
	struct buf b;
	bool found = false;

	if (c->arg_count > 1)
		return cli_usage(c, "explain takes one code, key or function");
	buf_init(&b, 1 << 20);
	if (!c->arg_count) {
		list_all(&b);
		found = true;
	} else if (!explain_code(c->args[0], &b)) {
		found = explain_key(str_of(c->args[0]), &b);
		if (found)
			buf_addc(&b, '\n');
		found = explain_function(str_of(c->args[0]), &b) || found;
	} else {
		found = true;
	}
	cli_out(buf_str(&b));
	buf_release(&b);
	return found ? EXIT_OK : nothing_found(c->args[0]);
}

static const struct option_row options[] = { { NULL, 0, NULL, NULL } };

const struct cli_command cmd_explain = {
	.name = "explain",
	.usage = "explain [CODE|KEY|FUNCTION]",
	.summary = "what a diagnostic code, a key or a function means",
	.help = "  runbook explain RB214\n  runbook explain rollback\n  runbook explain percentile\n",
	.options = options,
	.run = explain_run,
};
