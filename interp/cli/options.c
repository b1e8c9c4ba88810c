#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"

/* options: what a command was given, and its words to the user. */

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
	(void)file_write_all(STDOUT_FILENO, s.p, s.n);
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
