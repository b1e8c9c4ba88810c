#include "cli/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "base/jsonw.h"

/* options: what a command was given, and its words to the user. */

/* What cli_error() said, for the error object of --output json, and the first errno of
 * standard output; the program's words have no owner to pass along, so this one is the process's. */
static struct { bool json, printed; int lost; struct buf texts; uint32_t count; } said;

bool cli_has(const struct cli *c, const char *name)
{
	for (int i = 0; i < c->given_count; i++)
		if (!strcmp(c->command->options[c->given[i].row].name, name))
			return true;
	return false;
}

const char *cli_arg(const struct cli *c, const char *name)
{
	for (int i = c->given_count - 1; i >= 0; i--)
		if (!strcmp(c->command->options[c->given[i].row].name, name))
			return c->given[i].arg;
	return NULL;
}

void cli_each(const struct cli *c, const char *name, void (*each)(void *arg, const char *value), void *arg)
{
	for (int i = 0; i < c->given_count; i++)
		if (!strcmp(c->command->options[c->given[i].row].name, name))
			each(arg, c->given[i].arg);
}

void cli_out(struct str s)
{
	said.printed = said.printed || s.n;
	int err = file_write_all(STDOUT_FILENO, s.p, s.n);

	if (err != EPIPE && !said.lost)
		said.lost = err;
}

void cli_err(struct str s)
{
	(void)file_write_all(STDERR_FILENO, s.p, s.n);
}

static void say(const char *fmt, va_list ap)
{
	char line[1024];
	int n = vsnprintf(line, sizeof(line) - 1, fmt, ap);

	if (n < 0)
		return;
	if ((size_t)n > sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	if (said.json) {
		struct jsonw w;

		if (said.count++)
			buf_addc(&said.texts, ',');
		jsonw_init(&w, &said.texts);
		jsonw_str(&w, (struct str){ line, (size_t)n });
	}
	line[n++] = '\n';
	cli_err(STR("runbook: "));
	cli_err((struct str){ line, (size_t)n });
}

void cli_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

int cli_usage(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	cli_err(STR("usage: runbook "));
	cli_err(str_of(c->command->usage));
	cli_err(STR("\n"));
	return EXIT_USAGE;
}

void cli_json_errors(void)
{
	said.json = true;
	buf_init(&said.texts, 1 << 20);
}

int cli_end(int code, bool acts)
{
	struct buf b;

	if (said.json && said.count && code && !said.printed) {
		buf_init(&b, 2 << 20);
		buf_printf(&b, "{\"v\":1,\"t\":\"error\",\"exit\":%d,\"errors\":[", code);
		buf_adds(&b, buf_str(&said.texts));
		buf_addz(&b, "]}\n");
		cli_out(buf_str(&b));
		buf_release(&b);
	}
	if (said.lost)
		cli_error("standard output: %s", strerror(said.lost));
	if (said.json)
		buf_release(&said.texts);
	return said.lost && code == EXIT_OK && !acts ? EXIT_FAILED : code;
}
