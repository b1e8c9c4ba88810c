#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/help.h"

/*
 * main: finds the command, reads its options by its table, runs it. Everything
 * else is the command's.
 */

const struct cli_command *const commands[] = {
	&cmd_answer,
	&cmd_approve,
	&cmd_cancel,
	&cmd_check,
	&cmd_config,
	&cmd_diff,
	&cmd_eval,
	&cmd_exec,
	&cmd_explain,
	&cmd_export,
	&cmd_logs,
	&cmd_mod,
	&cmd_plan,
	&cmd_replay,
	&cmd_report,
	&cmd_resolve,
	&cmd_resume,
	&cmd_rollback,
	&cmd_runs,
	&cmd_schema,
	&cmd_show,
	&cmd_verify,
	NULL
};

const struct cli_command *command_find(const char *name)
{
	for (int i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	struct str names[sizeof(commands) / sizeof(*commands)], near;
	size_t n = 0;

	for (; commands[n]; n++)
		names[n] = str_of(commands[n]->name);
	near = diag_nearest(str_of(name), names, n);
	if (near.n)
		cli_error("`%s` is not a command; did you mean `" STR_FMT "`?", name, STR_ARG(near));
	else
		cli_error("`%s` is not a command; `runbook --help` lists them", name);
	return EXIT_USAGE;
}

static int find_long(const struct cli_command *cmd, const char *name, size_t n)
{
	for (int i = 0; cmd->options[i].name; i++)
		if (strlen(cmd->options[i].name) == n && !memcmp(cmd->options[i].name, name, n))
			return i;
	return -1;
}

static int find_letter(const struct cli_command *cmd, char letter)
{
	for (int i = 0; cmd->options[i].name; i++)
		if (cmd->options[i].letter == letter)
			return i;
	return -1;
}

static int unknown_option(struct cli *c, const char *arg, size_t n)
{
	struct str names[64], near;
	size_t count = 0;

	for (; c->command->options[count].name && count < 64; count++)
		names[count] = str_of(c->command->options[count].name);
	near = diag_nearest((struct str){ arg + 2, n }, names, count);
	if (near.n)
		return cli_usage(c, "unknown option `%.*s`; did you mean `--" STR_FMT "`?", (int)n + 2, arg, STR_ARG(near));
	return cli_usage(c, "unknown option `%.*s`", (int)n + 2, arg);
}

static void give(struct cli *c, int row, const char *arg)
{
	c->given[c->given_count].row = row;
	c->given[c->given_count++].arg = arg;
}

/* One word of the command line that begins with a dash; *at moves past its argument. */
static int read_option(struct cli *c, int argc, char **argv, int *at)
{
	const char *a = argv[*at], *eq = strchr(a, '=');
	bool is_long = a[1] == '-';
	size_t n = is_long ? (eq ? (size_t)(eq - a) : strlen(a)) - 2 : 1;
	int row = is_long ? find_long(c->command, a + 2, n) : find_letter(c->command, a[1]);
	const struct option_row *o;

	if (row < 0)
		return is_long ? unknown_option(c, a, n) : cli_usage(c, "unknown option `-%c`", a[1]);
	o = &c->command->options[row];
	if (!o->arg) {
		if (is_long ? eq != NULL : a[2] != 0)
			return cli_usage(c, "`%s` takes no argument", is_long ? o->name : a);
		give(c, row, "");
		return 0;
	}
	if (is_long && eq)
		give(c, row, eq + 1);
	else if (!is_long && a[2])
		give(c, row, a + 2);
	else if (*at + 1 < argc)
		give(c, row, argv[++*at]);
	else
		return cli_usage(c, "`--%s` needs %s", o->name, o->arg);
	return 0;
}

static int read_words(struct cli *c, int argc, char **argv)
{
	bool options = true;

	c->given = arena_array(&c->arena, (size_t)argc + 1, sizeof(*c->given));
	c->args = arena_array(&c->arena, (size_t)argc + 1, sizeof(*c->args));
	for (int i = 0; i < argc; i++) {
		if (options && !strcmp(argv[i], "--")) {
			options = false;
		} else if (options && (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))) {
			help_command(c->command, argv[i][1] == '-');
			return -1;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			int err = read_option(c, argc, argv, &i);

			if (err)
				return err;
		} else {
			c->args[c->arg_count++] = argv[i];
		}
	}
	return 0;
}

static int check_color(const struct cli *c)
{
	const char *how = cli_arg(c, "color");

	if (!how || !strcmp(how, "always") || !strcmp(how, "never") || !strcmp(how, "auto"))
		return 0;
	return cli_usage(c, "--color is always, never or auto, this is `%s`", how);
}

static bool wants_color(const struct cli *c, int fd)
{
	const char *how = cli_arg(c, "color"), *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"), *term = getenv("TERM");

	if (how)
		return !strcmp(how, "always") || (strcmp(how, "never") && isatty(fd));
	if (no && *no)
		return false;
	if (force && *force && strcmp(force, "0"))
		return true;
	return isatty(fd) && !(term && !strcmp(term, "dumb"));
}

/* A file that is opened must never become standard output: 0, 1 and 2 are taken. One that was closed
 * cannot be written to: that is said, and not taken for written. */
static void keep_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) >= 0 ? O_RDWR : O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* Is JSON asked for? Before the words are read: they may be what is wrong. */
static bool wants_json(const struct cli_command *cmd, int argc, char **argv)
{
	int row = cmd ? find_letter(cmd, 'o') : -1;
	bool letter = row >= 0 && !strcmp(cmd->options[row].name, "output");
	bool known = cmd && find_long(cmd, "output", 6) >= 0;

	for (int i = 0; known && i < argc && strcmp(argv[i], "--"); i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : "";

		if (!strcmp(argv[i], "--output=json") || (!strcmp(argv[i], "--output") && !strcmp(next, "json")) ||
		    (letter && (!strcmp(argv[i], "-ojson") || (!strcmp(argv[i], "-o") && !strcmp(next, "json")))))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct cli c = { 0 };
	int err;

	keep_standard_descriptors();
	if (argc < 2 || !strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		if (argc > 2 && argv[2][0] != '-' && !command_find(argv[2]))
			return unknown_command(argv[2]);
		if (argc > 2 && command_find(argv[2]))
			help_command(command_find(argv[2]), true);
		else
			help_all();
		return cli_end(argc < 2 ? EXIT_USAGE : EXIT_OK, false);
	}
	if (!strcmp(argv[1], "--version")) {
		cli_out(STR("runbook " RUNBOOK_VERSION "\n"));
		return cli_end(EXIT_OK, false);
	}
	c.command = command_find(argv[1]);
	if (!c.command)
		return unknown_command(argv[1]);
	mem_begin();
	arena_init(&c.arena);
	if (wants_json(c.command, argc - 2, argv + 2))
		cli_json_errors();
	err = read_words(&c, argc - 2, argv + 2);
	if (!err)
		err = check_color(&c);
	if (!err) {
		c.color_out = wants_color(&c, STDOUT_FILENO);
		c.color_err = wants_color(&c, STDERR_FILENO);
		err = c.command->run(&c);
	}
	arena_release(&c.arena);
	return cli_end(err < 0 ? EXIT_OK : err, c.command->acts);
}
