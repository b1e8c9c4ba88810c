#include "base/buf.h"
#include "base/jsonw.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/settings.h"

/* config: the settings in force, and where each comes from. */

static int config_run(struct cli *c)
{
	struct settings s;
	struct jsonw w;
	struct buf b;
	bool json;

	if (c->arg_count)
		return cli_usage(c, "config takes no operands");
	if (!output_json(c, &json) || !settings_load(c, &s))
		return EXIT_USAGE;
	buf_init(&b, 64 << 10);
	jsonw_init(&w, &b);
	if (json)
		jsonw_open(&w, '{');
	for (int i = 0; i < SET_COUNT; i++) {
		if (json) {
			jsonw_key(&w, setting_names[i]);
			jsonw_open(&w, '{');
			jsonw_kstr(&w, "value", s.of[i].value);
			jsonw_kstr(&w, "origin", s.of[i].origin);
			jsonw_close(&w, '}');
			continue;
		}
		buf_printf(&b, "%-16s" STR_FMT, setting_names[i], STR_ARG(s.of[i].value));
		if (cli_has(c, "show-origin") && s.of[i].origin.n)
			buf_printf(&b, "  (" STR_FMT ")", STR_ARG(s.of[i].origin));
		buf_addc(&b, '\n');
	}
	if (json) {
		jsonw_close(&w, '}');
		buf_addc(&b, '\n');
	}
	cli_out(buf_str(&b));
	buf_release(&b);
	return EXIT_OK;
}

static const struct option_row options[] = {
	{ "show-origin", 0, NULL, "where each value comes from" },
	{ "output", 'o', "FORMAT", "text (default) or json" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_config = {
	.name = "config",
	.usage = "config [--show-origin]",
	.summary = "show the settings in force",
	.help = "Flags win over RUNBOOK_STATE, RUNBOOK_LOCKS, RUNBOOK_GROUP, RUNBOOK_OPERATOR and RUNBOOK_ALLOWED_SIGNERS,\n"
		"these over $XDG_CONFIG_HOME/runbook/config.yml, that over /etc/runbook/config.yml; of `roles`\n"
		"the machine's file counts more than the user's.\n",
	.options = options,
	.run = config_run,
};
