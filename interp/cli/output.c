#include "cli/output.h"

#include <stdlib.h>
#include <string.h>
#include "cli/command.h"

/* output: one reading of --output for every command. */

static bool github_actions(void)
{
	const char *v = getenv("GITHUB_ACTIONS");

	return v && !strcmp(v, "true");
}

static int choose(struct cli *c, const char *const *words, int count)
{
	const char *given = cli_arg(c, "output");

	if (!given)
		return 0;
	for (int i = 0; i < count; i++)
		if (!strcmp(given, words[i]))
			return i;
	cli_usage(c, "--output `%s` is not known here", given);
	return -1;
}

bool output_diags(struct cli *c, enum diag_output *how)
{
	static const char *const words[] = { "text", "json", "sarif", "github" };
	int i = choose(c, words, 4);

	if (i < 0)
		return false;
	*how = !cli_arg(c, "output") && github_actions() ? DIAG_GITHUB : (enum diag_output)i;
	return true;
}

bool output_ui(struct cli *c, enum ui_format *how)
{
	static const char *const words[] = { "text", "json", "github" };
	int i = choose(c, words, 3);

	if (i < 0)
		return false;
	*how = !cli_arg(c, "output") && github_actions() ? UI_GITHUB : (enum ui_format)i;
	return true;
}

bool output_json(struct cli *c, bool *json)
{
	static const char *const words[] = { "text", "json" };
	int i = choose(c, words, 2);

	*json = i == 1;
	return i >= 0;
}
