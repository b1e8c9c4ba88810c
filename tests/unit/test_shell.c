/*
 * shell: where holes may stand, what a script sets and reads, and, with real
 * dash and bash: a value arrives byte for byte and is never run, in written
 * scripts and in soups of shell syntax.
 */
#include "syntax/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "scratch.h"
#include "syntax/node.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define V "${{ v }}"

struct script { struct arena a; struct diags ds; const struct tmpl *t; struct shell_scan scan; enum shell_dialect d; };

static void script_init(struct script *s, const char *text, enum shell_dialect d)
{
	uint32_t ids = 0;
	arena_init(&s->a);
	diags_init(&s->ds, &s->a);
	struct node *n = arena_alloc(&s->a, sizeof(*n));
	n->kind = NODE_SCALAR;
	n->style = NODE_PLAIN;
	n->text = arena_str(&s->a, text, strlen(text));
	n->span = span_of(source_new(&s->a, STR("test"), n->text), 0, (uint32_t)n->text.n);
	s->t = tmpl_parse(&s->a, n, &ids, &s->ds);
	assert_non_null(s->t);
	s->d = d;
	s->scan = shell_scan(&s->a, s->t, d);
}

static void script_release(struct script *s)
{
	diags_release(&s->ds);
	arena_release(&s->a);
}

/* B bare, D double, R refused; small letters: parsed again. */
static void contexts(const struct script *s, char *out)
{
	for (uint32_t i = 0; i < s->scan.hole_count; i++)
		out[i] = "BDR"[s->scan.holes[i].context];
	for (uint32_t i = 0; i < s->scan.reparse_count; i++)
		out[s->scan.reparse_holes[i]] = (char)(out[s->scan.reparse_holes[i]] + 32);
	out[s->scan.hole_count] = 0;
}

/* Says what is wrong and goes on; 1 if something is. */
static int check(const char *text, enum shell_dialect d, const char *want)
{
	struct script s;
	char got[64];
	script_init(&s, text, d);
	contexts(&s, got);
	int wrong = strcmp(got, want) != 0;
	if (wrong)
		print_error("%d: %s\ngot %s, want %s (%s)\n", (int)d, text, got, want, s.scan.holes[0].why ? s.scan.holes[0].why : "");
	for (uint32_t i = 0; i < s.scan.hole_count; i++)
		assert_int_equal(s.scan.holes[i].context == SHELL_REFUSED, s.scan.holes[i].why != NULL);
	script_release(&s);
	return wrong;
}

static void places(void **state)
{
	(void)state;
	static const struct { const char *text, *sh, *bash; } cases[] = {
		{ "echo " V, "B", "B" }, { "echo a" V "b", "B", "B" }, { "echo \"a " V "\"", "D", "D" }, { "echo '" V "'", "R", "R" },
		{ "x=" V, "B", "B" }, { "x=\"" V "\" cmd " V, "DB", "DB" }, { "echo \\" V, "R", "R" }, { "echo $" V, "R", "R" },
		{ "echo \"$" V "\"", "R", "R" }, { "echo \"$$" V "\"", "D", "D" }, { "echo \"\\" V "\"", "R", "R" }, { "echo \"\\\\" V "\"", "D", "D" },
		{ "echo `echo " V "`", "R", "R" }, { "echo \"`echo " V "`\" " V, "RB", "RB" }, { "echo $(echo " V ")", "B", "B" },
		{ "echo \"$(echo \"" V "\" " V ")\" " V, "DBB", "DBB" }, { "echo \"$(echo '" V "')\"", "R", "R" },
		{ "echo ${x:-" V "}", "R", "R" }, { "echo \"${x:-a}\" " V, "B", "B" }, { "echo \"${x:-it's}\" " V, "R", "R" },
		{ "echo ${x:-'}'} " V, "B", "B" }, { "echo \"${x#\"}\"}\" " V, "B", "B" }, { "echo $((1 + " V ")) " V, "RB", "RB" },
		{ "echo $(( (1) + (2) )) " V, "B", "B" }, { "((" V ")); echo " V, "RR", "RB" }, { "echo $((echo a); echo b) " V, "R", "R" },
		{ "echo $[" V "]", "R", "R" }, { "# it's " V "\necho " V, "RB", "RB" }, { "echo a#" V, "B", "B" }, { "echo " V "#a " V, "BB", "BB" },
		{ "cat <<E\n" V "\nE\necho " V, "RB", "RB" }, { "cat <<'E' <<-F\n'\nE\n\t\"\n\tF\necho " V, "B", "B" },
		{ "cat <<E; echo '\nit's\nE\n' " V, "R", "R" }, { "cat <<E\na\\\nE\n" V "\nE\n: " V, "RB", "RB" }, { "cat <<" V "\nx\n", "R", "R" },
		{ "cat <<E\n$(echo '\nE\n') " V, "R", "R" }, { "(cat <<E)\n'\nE\necho " V, "B", "B" }, { "x=$(cat <<E\n'\nE\n); echo " V, "B", "B" },
		{ "x=$(cat <<E)\n'\nE\necho " V, "R", "R" }, { "cat <<< " V, "B", "B" }, { "echo > " V " 2>&1 <" V, "BB", "BB" },
		{ "case " V " in a) echo " V ";; (b|" V ") ;; *) esac; echo " V, "BBBB", "BBBB" },
		{ "x=$(case a in a) echo ')';; esac); echo " V, "B", "B" }, { "case a in esac) " V, "R", "R" },
		{ "for i in a " V "; do echo " V "; done", "BB", "BB" }, { "f() { echo " V "; }; f", "B", "B" }, { "f() (echo " V ")", "B", "B" },
		{ "function f { echo " V "; }", "B", "B" }, { "echo (" V ")", "R", "R" }, { "[[ " V " == a ]]", "B", "B" },
		{ "[[ a -eq " V " ]]", "R", "R" }, { "[[ " V " -lt 3 && -n " V " ]]", "RB", "RB" }, { "[[ -v " V " ]]", "R", "R" },
		{ "[[ a =~ ^(a|b)$ ]]; echo " V, "B", "B" }, { "[[ a == @(a|b) ]]; echo " V, "R", "R" }, { "[ -v " V " ]", "R", "R" },
		{ "[ " V " -eq 1 ]", "B", "B" }, { "x[" V "]=1", "R", "R" }, { "x[ " V " ]=1", "R", "R" }, { "a=(" V " [" V "]=x)", "RR", "BR" },
		{ "a=(b c)\necho \"${a[@]}\" " V, "R", "B" }, { "echo ${a[" V "]}", "R", "R" }, { "echo $'\\'" V "'", "R", "R" },
		{ "echo $'\\'' " V, "R", "B" }, { "echo $\"" V "\"", "R", "R" }, { "diff <(echo " V ") b", "R", "B" }, { "let x=" V, "R", "R" },
		{ "read " V, "R", "R" }, { "read -p " V " x", "B", "B" }, { "unset " V, "R", "R" }, { "printf -v " V " a", "R", "R" },
		{ "printf " V, "B", "B" }, { "export X=" V " \"Y=" V "\"", "BD", "BD" }, { "export " V "=x", "R", "R" }, { "declare -i n=" V, "R", "R" },
		{ "n=" V "; declare -i n", "R", "R" }, { "local -a b; local b=" V, "R", "R" }, { "a=(1); x=" V "; export y=" V, "RR", "BB" },
		{ "a=(1); declare a=" V, "R", "R" }, { "a=(1); declare y=" V, "R", "B" },
		{ "read -a $x; declare y=" V, "R", "R" }, { "x[1]=2; local \"x=" V "\"", "R", "R" }, { "mapfile -t m; typeset m=" V, "R", "R" }, { "declare PIPESTATUS=" V, "R", "R" }, { "local x=" V, "B", "B" },
		{ "RANDOM=" V, "R", "R" }, { "PS4=" V, "b", "b" }, { "alias q='\"'\nq " V, "R", "R" }, { "echo @(a) " V, "R", "R" },
		{ "eval " V, "b", "b" }, { "sh -c " V " " V, "bB", "bB" }, { "docker exec c bash -lc \"x " V "\"", "d", "d" },
		{ "sh -c 'echo $1' _ " V, "B", "B" }, { "ssh -p 2 " V " ls " V, "Bb", "Bb" }, { "sudo -u x psql -v a=" V " -c \"" V "\"", "Bd", "Bd" },
		{ "psql --command=\"" V "\"", "d", "d" }, { "awk -v x=" V " " V " f", "Bb", "Bb" }, { "sed -e " V " " V, "bB", "bB" },
		{ "xargs -n 1 sh -c " V, "b", "b" }, { "find . -exec sh -c " V " \\;", "b", "b" }, { "timeout 5 eval " V, "b", "b" },
		{ ". " V, "b", "b" }, { "source " V, "b", "b" }, { V " x", "B", "B" }, { "time -p let " V, "R", "R" }, { "command let " V, "R", "R" },
		{ "e\\val " V, "b", "b" }, { "'eval' " V, "b", "b" }, { "/usr/bin/ssh h " V, "b", "b" }, { "trap " V " EXIT", "b", "b" },
		{ "make X=" V, "b", "b" }, { "python3 -c " V " " V, "bB", "bB" }, { "echo 'open " V, "R", "R" }, { V " \"open " V, "BR", "BR" },
		{ "x=$(echo " V, "R", "R" }, { "echo " V ")", "B", "B" }, { "echo \\\n" V, "B", "B" }, { "cat <\\\n<E\n'\nE\n" V, "R", "R" },
		{ "echo $\\\n(echo " V ")", "R", "R" }, { "a &&\\\necho " V, "B", "B" }, { "wait " V, "B", "B" }, { "echo ~" V "{" V ",b}", "BB", "BB" },
		{ "{fd}>x echo " V, "B", "B" }, { "if true; then echo " V "; elif x; then y; else z; fi > " V, "BB", "BB" },
		{ "while read -r l; do echo " V "; done < <(ls " V ")", "BR", "BB" }, { "! echo " V, "B", "B" }, { "x=" V V, "BB", "BB" },
	};
	int wrong = 0;
	for (size_t i = 0; i < COUNT(cases); i++) {
		wrong += check(cases[i].text, SHELL_SH, cases[i].sh);
		wrong += check(cases[i].text, SHELL_BASH, cases[i].bash);
	}
	assert_int_equal(wrong, 0);
}

static void places_in_pwsh(void **state)
{
	(void)state;
	static const struct { const char *text, *want; } cases[] = {
		{ "Write-Output " V, "B" }, { "echo \"a " V "\"", "D" }, { "echo 'it''s " V "' " V, "RB" }, { "echo a" V, "R" }, { "echo " V ".txt", "R" },
		{ "echo " V V, "RR" }, { "$x = " V, "B" }, { "$x=" V "; y", "B" }, { "--a=" V, "R" }, { "f(" V ", " V ")", "BB" }, { "# " V "\necho " V, "RB" },
		{ "<# " V " #> echo " V, "RB" }, { "echo \"$(echo '" V "' " V ")\" " V, "RBB" }, { "echo `" V, "R" }, { "echo \"`" V "\"", "R" },
		{ "echo \"$" V "\"", "R" }, { "@'\n" V "\n'@\necho " V, "RB" }, { "@\"\n'" V "\n\"@\necho " V, "DB" }, { "iex " V, "b" },
		{ V " | Invoke-Expression", "b" }, { "& " V, "B" }, { "cmd --% " V "\necho " V, "rB" }, { "echo \xe2\x80\x9c " V, "R" },
		{ "echo \"open " V, "R" }, { "${" V "}", "R" }, { "echo \"`\"\" " V, "B" }, { "echo \"a\"\"b\" " V, "B" },
	};
	int wrong = 0;
	for (size_t i = 0; i < COUNT(cases); i++)
		wrong += check(cases[i].text, SHELL_PWSH, cases[i].want);
	assert_int_equal(wrong, 0);
	struct script s;
	script_init(&s, "$x = $env:HOME; $env:NEW = 1; \"${env:PATH}\" | y", SHELL_PWSH);
	assert_int_equal(s.scan.var_count, 3);
	assert_true(str_eqz(s.scan.vars[0].name, "HOME") && !s.scan.vars[0].set);
	assert_true(str_eqz(s.scan.vars[1].name, "NEW") && s.scan.vars[1].set);
	assert_true(str_eqz(s.scan.vars[2].name, "PATH") && s.scan.has_pipe);
	script_release(&s);
}

/* "x" read, "=x" set, in order */
static void names(void **state)
{
	(void)state;
	static const struct { const char *text, *sh, *bash; } cases[] = {
		{ "echo $a \"${b}\" '$c' \\$d $1 $@ $# $? $$ ${10} ${#e}", "a b e", "a b e" },
		{ "echo ${a:-x} ${b-y} ${c:+z} ${d:=w} ${e:?no} ${f%.c} ${g#\"$h\"}", "=d e f g h", "=d e f g h" },
		{ "a=1 b+=2; export c d=3; readonly e=$f", "=a =b =c =d f =e", "=a =b =c =d f =e" },
		{ "while IFS= read -r x y; do :; done; read -t 5 z", "=IFS =x =y =z", "=IFS =x =y =z" },
		{ "for i in $a; do :; done; for j; do :; done", "=i a =j", "=i a =j" },
		{ "getopts ab: o; printf -v p x; mapfile -t m; read -a r", "=o =p =m =r", "=o =p =m =r" },
		{ "cat <<E\n$a ${b} ${c:-d}\nE\ncat <<'F'\n$x\nF\n", "a b", "a b" },
		{ "(( n = m + 1 )); echo $(( k += $q ))", "", "=n m =k q" },
		{ "echo $(( k = $q ))", "=k q", "=k q" },
		{ "f() { local a b=$c; }", "c =a =b", "c =a =b" },
		{ ". ./env; echo $a", "", "" }, { "set +u; echo $a", "", "" }, { "echo $a; eval x", "a", "a" },
		{ "echo ${!a} ${!b*} ${c[0]} ${#d[@]} $RANDOM", "a c d RANDOM", "a c d" },
		{ "exec {fd}>x; x[1]=2", "=fd =x", "=fd =x" }, { "echo \"$(echo $a)\"", "a", "a" }, { "declare -A m=([k]=v)", "", "=m" },
		{ "export \"X=$y\"; echo $PWD $OPTARG", "y =X", "y =X" }, { "echo '$a' \"\\$b\" $'$c'", "", "" },
	};
	int wrong = 0;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (int d = SHELL_SH; d <= SHELL_BASH; d++) {
			struct script s;
			struct buf b;
			const char *want = d == SHELL_SH ? cases[i].sh : cases[i].bash;
			script_init(&s, cases[i].text, (enum shell_dialect)d);
			buf_init(&b, 1000);
			for (uint32_t k = 0; k < s.scan.var_count; k++) {
				struct str at = str_slice(s.t->node->text, s.scan.vars[k].start, s.scan.vars[k].end);
				assert_true(str_eq(at, s.scan.vars[k].name));
				buf_printf(&b, "%s%s" STR_FMT, k ? " " : "", s.scan.vars[k].set ? "=" : "", STR_ARG(s.scan.vars[k].name));
			}
			/* what sh does not have is given up, its names do not matter */
			bool same = s.scan.complete ? !strcmp(b.p ? b.p : "", want) : d == SHELL_SH;
			wrong += !same;
			if (!same)
				print_error("%d: %s\ngot %s, want %s\n", d, cases[i].text, b.p ? b.p : "", want);
			buf_release(&b);
			script_release(&s);
		}
	assert_int_equal(wrong, 0);
}

static void pipes(void **state)
{
	(void)state;
	static const struct { const char *text; uint32_t at; } cases[] = {
		{ "a | b | c", 2 }, { "a || b", UINT32_MAX }, { "a '|' \"|\" \\| b", UINT32_MAX }, { "case x in a|b) ;; esac", UINT32_MAX },
		{ "x=$(a | b)", 6 }, { "a |& b", 2 }, { "[[ a || b ]]", UINT32_MAX }, { "a >| b", UINT32_MAX }, { "# |\na", UINT32_MAX },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct script s;
		script_init(&s, cases[i].text, SHELL_BASH);
		assert_int_equal(s.scan.pipe_at, cases[i].at);
		assert_int_equal(s.scan.has_pipe, cases[i].at != UINT32_MAX);
		script_release(&s);
	}
}

static void nesting_is_bounded(void **state)
{
	(void)state;
	static const char *const pieces[] = { "$(", "\"$(", "${x:-", "(", "case a in a) ", "a=(", "\"${x:-", "<(", "$((", "x[", "{ ", "if " };
	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct buf b;
		buf_init(&b, 1 << 20);
		for (int k = 0; k < 20000; k++)
			buf_addz(&b, pieces[i]);
		buf_addz(&b, V);
		for (int d = SHELL_SH; d <= SHELL_PWSH; d++) {
			struct script s;
			script_init(&s, b.p, (enum shell_dialect)d);
			assert_int_equal(s.scan.hole_count, 1);
			script_release(&s);
		}
		buf_release(&b);
	}
}

/* --- with real shells ---------------------------------------------------- */

static const char *const shells[] = { "/bin/dash", "/bin/bash" };

static const char *const values[] = {
	"plain", "", "two words", "'", "\"", "it's \"q\"", "$(>pwned)", "`>pwned`", ";>pwned;", "a[$(>pwned)]", "$((a[$(>pwned)]))",
	"x\ny", "\n", "*", "/*", "?[a-z]", "-n", "--", "-e x", "\\", "\\n", "a\\", "${RB_1}", "$HOME", "~", "!x", "#c", "a#b", "&", "|", "<", ">",
	"(>pwned)", ")", "}", "{a,b}", "E", "'E'", "EOF\n", "\t", "\x01\x7f", "\xea\xb0\x80", "\xff\xfe", "\r", "%s%n", "=", "x=1", "]", "[", "]]",
	"($(>pwned))", "';>pwned;'", "\";>pwned;\"", "\\\";>pwned;\\\"", "x'$(>pwned)'", "-v", "esac", ";;", "$'\\x41'",
};

/* Runs program; its output into out. False if it could not be run. */
static int run(const char *shell, const char *flags, const char *folder, struct str program, const char *const *env, struct buf *out)
{
	int fds[2], status = 0;
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (!pid) {
		struct rlimit cpu = { 5, 5 }, size = { 1 << 20, 1 << 20 };
		int null = open("/dev/null", O_RDWR);
		setrlimit(RLIMIT_CPU, &cpu);
		setrlimit(RLIMIT_FSIZE, &size);
		alarm(20);
		if (chdir(folder) || dup2(null, 0) < 0 || dup2(fds[1], 1) < 0 || dup2(null, 2) < 0)
			_exit(120);
		close(fds[0]);
		close(fds[1]);
		char *argv[] = { (char *)shell, (char *)flags, (char *)program.p, NULL };
		execve(shell, argv, (char *const *)env);
		_exit(121);
	}
	close(fds[1]);
	char bytes[4096];
	for (ssize_t n; (n = read(fds[0], bytes, sizeof(bytes))) > 0; )
		buf_add(out, bytes, (size_t)n);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A piece of script and what it prints: @ is the value, without its trailing
 * newlines if the piece goes through $( ). */
struct piece { const char *script, *prints; bool strips, bash; };
static const struct piece pieces[] = {
	{ "printf '[%s]' " V "\n", "[@]", false, false },
	{ "printf '[%s]' \"a " V " b\"; ", "[a @ b]", false, false },
	{ "printf '[%s]' a" V "b" V "\n", "[a@b@]", false, false },
	{ "x=" V "; printf '[%s]' \"$x\"\n", "[@]", false, false },
	{ "x=\"" V "\" y=" V "\nprintf '[%s]' \"${x}${y}\"\n", "[@@]", false, false },
	{ "printf '[%s]' \"$(printf '%s' " V ")\"\n", "[@]", true, false },
	{ "printf '[%s]' \"$(printf '%s' \"" V "\")\" 'it'\\''s'\n", "[@][it's]", true, false },
	{ "printf '[%s]' \"$(printf '%s' \"$(printf '%s' " V ")\")\"\n", "[@]", true, false },
	{ "case " V " in " V ") printf same;; *) printf other;; esac\n", "same", false, false },
	{ "if [ x" V " = \"x" V "\" ]; then printf same; fi # it's a comment\n", "same", false, false },
	{ "for i in a " V " b; do printf '[%s]' \"$i\"; done\n", "[a][@][b]", false, false },
	{ "f() { printf '[%s]' \"$1\" " V "; }; f " V "\n", "[@][@]", false, false },
	{ "(printf '[%s]' " V "); { printf '<%s>' " V "; }\n", "[@]<@>", false, false },
	{ "cat <<E\nit's \"\nE\nprintf '[%s]' " V "\n", "it's \"\n[@]", false, false },
	{ "cat <<'E' && printf '[%s]' " V "\n$(>pwned)`\nE\n", "$(>pwned)`\n[@]", false, false },
	{ "cat <<-A; cat <<B\n\t1\n\tA\n2'\nB\nprintf '[%s]' \"" V "\"\n", "1\n2'\n[@]", false, false },
	{ "# don't $( ` \"\nprintf '[%s]' " V "\n", "[@]", false, false },
	{ "printf '[%s]' \"${none-a}b\" ${none:-'}'} " V "\n", "[ab][}][@]", false, false },
	{ "printf '[%s]' $((1 + (2))) " V "\n", "[3][@]", false, false },
	{ "export X=" V "; sh -c 'printf \"[%s]\" \"$X\"'\n", "[@]", false, false },
	{ "set -- " V " \"" V "\"; printf '[%s]' $# \"$1\" \"$2\"\n", "[2][@][@]", false, false },
	{ "printf '%s' " V " | cat -\n", "@", false, false },
	{ "! false && printf '[%s]' \\\n " V " \\\n b\n", "[@][b]", false, false },
	{ "x=$(case a in a) printf ')';; esac); printf '[%s]' \"$x\" " V "\n", "[)][@]", false, false },
	{ "sh -c 'printf \"[%s]\" \"$1\"' _ " V "\n", "[@]", false, false },
	{ "[[ " V " == \"" V "\" ]] && printf same\n", "same", false, true },
	{ "[[ x =~ ^(x|\"y)\")$ ]] && printf '[%s]' " V "\n", "[@]", false, true },
	{ "a=(x " V " \"" V "\"); printf '[%s]' \"${a[@]}\"\n", "[x][@][@]", false, true },
	{ "cat <<< " V "\n", "@\n", false, true },
	{ "printf '[%s]' $'it\\'s' " V "\n", "[it's][@]", false, true },
	{ "cat <(printf '%s' " V ")\n", "@", false, true },
	{ "((1 << 2)); f() { local y=" V "; printf '[%s]' \"$y\"; }; f\n", "[@]", false, true },
	{ "function g { printf '[%s]' \"${1}\"; }; g " V "; [[ ! -e " V "/q ]]\n", "[@]", false, true },
};

static void add_expected(struct buf *out, const char *prints, const char *value, bool strips)
{
	size_t n = strlen(value);
	while (strips && n && value[n - 1] == '\n')
		n--;
	for (; *prints; prints++) {
		if (*prints == '@')
			buf_add(out, value, n);
		else
			buf_addc(out, *prints);
	}
}

static uint32_t pick(uint64_t *seed, uint32_t n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 11) % n;
}

/* PATH and RB_n, all with one value. posix: bash as /bin/sh. */
struct env { char *list[40]; uint32_t count; };

static void env_init(struct env *e, struct arena *a, const char *path, const char *value, uint32_t holes, bool posix)
{
	e->count = 0;
	if (posix)
		e->list[e->count++] = (char *)"POSIXLY_CORRECT=1";
	e->list[e->count++] = (char *)arena_printf(a, "PATH=%s", path).p;
	for (uint32_t i = 1; i <= holes && e->count < 39; i++)
		e->list[e->count++] = (char *)arena_printf(a, "RB_%u=%s", (unsigned)i, value).p;
	e->list[e->count] = NULL;
}

static void values_arrive(void **state)
{
	(void)state;
	struct scratch dir;
	uint64_t seed = 4711;
	scratch_make(&dir);
	for (int round = 0; round < 110; round++) {
		bool bash = round % 2;
		const char *value = values[(size_t)round % COUNT(values)];
		struct buf text, want, got;
		struct script s;
		struct env env;
		buf_init(&text, 1 << 16);
		buf_init(&want, 1 << 16);
		buf_init(&got, 1 << 16);
		for (int k = 0; k < 7; k++) {
			const struct piece *p = &pieces[pick(&seed, COUNT(pieces))];
			if (p->bash && !bash)
				continue;
			buf_addz(&text, p->script);
			if (p->script[strlen(p->script) - 1] == ' ')
				buf_addc(&text, '\n');
			add_expected(&want, p->prints, value, p->strips);
		}
		buf_addz(&text, ":");
		buf_addz(&want, "");
		script_init(&s, text.p, bash ? SHELL_BASH : SHELL_SH);
		assert_true(s.scan.complete);
		for (uint32_t i = 0; i < s.scan.hole_count; i++)
			if (s.scan.holes[i].context == SHELL_REFUSED)
				fail_msg("%s\nhole %u refused: %s", text.p, i + 1, s.scan.holes[i].why);
		bool posix = !bash && round % 4 == 0;
		env_init(&env, &s.a, "/usr/bin:/bin", value, s.scan.hole_count, posix);
		struct str program = shell_program(&s.a, s.t, &s.scan, s.d);
		int rc = run(shells[bash || posix], "-euc", dir.path, program, (const char *const *)env.list, &got);
		if (rc || got.len != want.len || (got.len && memcmp(got.p, want.p, got.len)))
			fail_msg("%s exit %d, value `%s`\n%s\ngot  %s\nwant %s", shells[bash], rc, value, program.p, got.p, want.p);
		assert_int_not_equal(access(scratch_at(&dir, "pwned"), F_OK), 0);
		script_release(&s);
		buf_release(&text);
		buf_release(&want);
		buf_release(&got);
	}
	scratch_remove(&dir);
}

/* Soups of shell syntax with accepted holes, under a PATH with nothing in it:
 * whatever they do, the value is not run. */
static void soups_never_run_a_value(void **state)
{
	(void)state;
	static const char *const tokens[] = {
		"'", "\"", "\\", "$(", ")", "${x:-", "${x#", "}", "`", "#", " ", " ", "\n", ";", "echo ", "echo ", "<<E\n", "\nE\n", "<<'E'\n", "<<-E ",
		"case a in a)", ";;", " esac ", "[[ ", " ]]", " -eq ", " -v ", " == ", " =~ ", "((", "))", "$((", "|", "&&", "&", "x=", "a[", "]", "]=", "(", ")", "{ ",
		"; }", "<(", "$", "$'", "$\"", "local ", "declare ", "declare -a a\n", "declare -i n\n", "n=", "a=(", "a=", "export ", "read ", "unset ", "test ", "[ ",
		" ]", "let ", "printf -v ", "f()", "if ", "then ", "fi", "for i in ", "; do ", "done", "! ", ">E ", "<<<", "\t", "~", "*", "@(", "1", "=", "+=", ",", "!",
		"function f ", "\\\n", "time ", "$[", "${!x", "${a[", "OPTIND=", "x", "E", "in ", "\"$(", ")\"", "'\n", "command ", "builtin ", "wait -p ", "mapfile ",
	};
	static const char *const hostile[] = { "$(>pwned)", "`>pwned`", ";>pwned;", "a[$(>pwned)]", "'>pwned;'", "\";>pwned;\"", "\n>pwned\n", "($(>pwned))",
					       ")>pwned;", "}>pwned;", "\nE\n>pwned\n", "[$(>pwned)]=1", "a[$(>pwned)]=1", "\\\n>pwned;" };
	const char *knob = getenv("RB_SHELL_SOUPS");
	int wanted = knob ? (int)strtol(knob, NULL, 10) : 120, runs = 0;
	uint64_t seed = knob ? (uint64_t)getpid() * 2654435761u : 20261121;
	struct scratch dir;
	scratch_make(&dir);
	for (int i = 0; runs < wanted && i < wanted * 400; i++) {
		struct buf text, got;
		struct script s;
		struct env env;
		bool bash = pick(&seed, 3) != 0, accepted = false;
		buf_init(&text, 1 << 16);
		buf_init(&got, 1 << 16);
		for (uint32_t k = 0, n = 3 + pick(&seed, 14); k < n; k++)
			buf_addz(&text, pick(&seed, 5) ? tokens[pick(&seed, COUNT(tokens))] : V);
		script_init(&s, text.p, bash ? SHELL_BASH : SHELL_SH);
		for (uint32_t k = 0; k < s.scan.hole_count; k++)
			accepted = accepted || s.scan.holes[k].context != SHELL_REFUSED;
		for (uint32_t k = 0; k < s.scan.hole_count; k++) /* a refused hole refuses the script */
			accepted = accepted && s.scan.holes[k].context != SHELL_REFUSED;
		if (accepted && s.scan.hole_count < 30 && !s.scan.reparse_count) {
			const char *value = hostile[pick(&seed, COUNT(hostile))];
			bool posix = !bash && pick(&seed, 2);
			env_init(&env, &s.a, "/nonexistent", value, s.scan.hole_count, posix);
			struct str program = shell_program(&s.a, s.t, &s.scan, s.d);
			run(shells[bash || posix], "-c", dir.path, program, (const char *const *)env.list, &got);
			if (!access(scratch_at(&dir, "pwned"), F_OK))
				fail_msg("%s ran `%s`:\n%s", shells[bash], value, program.p);
			runs++;
		}
		script_release(&s);
		buf_release(&text);
		buf_release(&got);
	}
	assert_int_equal(runs, wanted);
	scratch_remove(&dir);
}

static void quoting(void **state)
{
	(void)state;
	static const struct { const char *word, *quoted; } cases[] = {
		{ "plain", "plain" }, { "a/b.c-d_e:1,2%3@4+5", "a/b.c-d_e:1,2%3@4+5" }, { "", "''" }, { "a b", "'a b'" }, { "it's", "'it'\\''s'" },
		{ "x=1", "'x=1'" }, { "~", "'~'" }, { "*", "'*'" }, { "\n", "'\n'" }, { "\xea\xb0\x80", "'\xea\xb0\x80'" }, { "#", "'#'" },
	};
	struct buf b;
	buf_init(&b, 1 << 16);
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		shell_quote(&b, str_of(cases[i].word));
		assert_string_equal(b.p, cases[i].quoted);
	}
	/* all values at once through a real shell's eyes */
	struct scratch dir;
	struct buf got, want;
	scratch_make(&dir);
	buf_init(&got, 1 << 16);
	buf_init(&want, 1 << 16);
	buf_clear(&b);
	buf_addz(&b, "printf '[%s]'");
	for (size_t i = 0; i < COUNT(values); i++) {
		buf_addc(&b, ' ');
		shell_quote(&b, str_of(values[i]));
		buf_printf(&want, "[%s]", values[i]);
	}
	const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	for (size_t i = 0; i < COUNT(shells); i++) {
		buf_clear(&got);
		assert_int_equal(run(shells[i], "-euc", dir.path, buf_str(&b), env, &got), 0);
		assert_string_equal(got.p, want.p);
	}
	scratch_remove(&dir);
	buf_release(&got);
	buf_release(&want);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places), cmocka_unit_test(places_in_pwsh), cmocka_unit_test(names), cmocka_unit_test(pipes),
		cmocka_unit_test(nesting_is_bounded), cmocka_unit_test(values_arrive), cmocka_unit_test(soups_never_run_a_value),
		cmocka_unit_test(quoting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
