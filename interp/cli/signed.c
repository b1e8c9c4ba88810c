#include "cli/signed.h"

#include <errno.h>
#include <string.h>
#include "base/b64.h"
#include "base/buf.h"
#include "base/file.h"
#include "cli/command.h"
#include "host/env.h"
#include "host/program.h"
#include "host/refuge.h"
#include "host/sign.h"
#include "journal/output.h"

/* signed: ssh-keygen, and the little that is read of its format (PROTOCOL.sshsig). */

enum { SAID_MAX = 64 << 10, SIGNATURE_MAX = 64 << 10, ARMOR_WIDTH = 70 };
static const int64_t patience = 30000000000;
#define ARMOR_BEGIN "-----BEGIN SSH SIGNATURE-----\n"
#define ARMOR_END "-----END SSH SIGNATURE-----\n"

/* --- checking ------------------------------------------------------------------------ */

static struct str call(struct cli *c, const char *const *argv, struct str input, struct buf *said)
{
	struct program_call p = { .argv = argv, .envp = env_base(&c->arena, NULL, 0, NULL, 0), .input = input, .timeout = patience };

	buf_init(said, SAID_MAX);
	return program_run(&c->arena, &p, said);
}

static bool good_of(struct cli *c, const char *const *argv, struct str text, struct str who, struct signed_by *s)
{
	struct buf said;

	s->why = call(c, argv, text, &said);
	buf_release(&said);
	s->good = !s->why.n;
	if (s->good)
		s->signer = who;
	return s->good;
}

void signed_check(struct cli *c, const char *name_space, const char *signers, const char *sig, struct str text, struct signed_by *out)
{
	const char *find[] = { "ssh-keygen", "-Y", "find-principals", "-f", signers, "-s", sig, NULL };
	struct buf said;
	struct str all;

	*out = (struct signed_by){ .signer = STR(""), .why = STR("no allowed_signers file is set") };
	if (!signers)
		return;
	out->why = call(c, find, STR(""), &said);
	if (out->why.n)
		out->why = arena_printf(&c->arena, "it has no signature of a key in %s", signers);
	all = buf_str(&said);
	for (size_t at = 0; !out->why.n && at < all.n && !out->good;) {
		const char *nl = memchr(all.p + at, '\n', all.n - at);
		size_t end = nl ? (size_t)(nl - all.p) : all.n;
		struct str who = str_trim(str_slice(all, at, end));
		const char *argv[] = { "ssh-keygen", "-Y", "verify", "-n", name_space, "-f", signers, "-I", NULL, "-s", sig, NULL };

		at = end + 1;
		if (!who.n || who.p[0] == '-')
			continue;
		who = arena_str(&c->arena, who.p, who.n);
		argv[8] = who.p;
		if (good_of(c, argv, text, who, out))
			break;
	}
	buf_release(&said);
}

/* --- form ------------------------------------------------------------------------------ */

static struct str armor(struct cli *c, struct str b64)
{
	struct buf b;
	struct str s;

	buf_init(&b, SIGNATURE_MAX * 2);
	buf_addz(&b, ARMOR_BEGIN);
	for (size_t at = 0; at < b64.n; at += ARMOR_WIDTH) {
		buf_adds(&b, str_slice(b64, at, at + ARMOR_WIDTH));
		buf_addc(&b, '\n');
	}
	buf_addz(&b, ARMOR_END);
	s = arena_str(&c->arena, b.p, b.len);
	buf_release(&b);
	return s;
}

struct str signed_dearmor(struct cli *c, struct str armored)
{
	struct str begin = STR(ARMOR_BEGIN), end = STR(ARMOR_END);
	char *p;
	size_t n = 0;

	if (!str_starts(armored, begin) || !str_ends(armored, end) || armored.n < begin.n + end.n)
		return STR("");
	armored = str_slice(armored, begin.n, armored.n - end.n);
	p = arena_alloc(&c->arena, armored.n + 1);
	for (size_t i = 0; i < armored.n; i++)
		if (armored.p[i] != '\n')
			p[n++] = armored.p[i];
	return (struct str){ p, n };
}

/* A string of ssh: four bytes of length, then its bytes. p NULL: there is none. */
static struct str ssh_string(struct str s, size_t at)
{
	const unsigned char *u = (const unsigned char *)s.p + at;
	size_t n;

	if (at > s.n || s.n - at < 4)
		return (struct str){ NULL, 0 };
	n = (size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3];
	return n <= s.n - at - 4 ? str_slice(s, at + 4, at + 4 + n) : (struct str){ NULL, 0 };
}

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static bool key_of(struct cli *c, struct str bytes, struct str *fingerprint, struct str *line)
{
	struct str key = ssh_string(bytes, 10), kind = key.p ? ssh_string(key, 0) : key;
	char hex[65], raw[32];
	struct buf b;

	if (!str_starts(bytes, STR("SSHSIG")) || !kind.p || !kind.n || memchr(kind.p, '\n', kind.n) || memchr(kind.p, ' ', kind.n))
		return false;
	digest_hex(key, hex);
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (char)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	buf_init(&b, SIGNATURE_MAX * 2);
	b64_add(&b, (struct str){ raw, sizeof(raw) });
	*fingerprint = arena_printf(&c->arena, "SHA256:%.43s", b.p);
	buf_clear(&b);
	b64_add(&b, key);
	*line = arena_printf(&c->arena, STR_FMT " " STR_FMT, STR_ARG(kind), STR_ARG(buf_str(&b)));
	buf_release(&b);
	return true;
}

bool signed_key(struct cli *c, struct str b64, struct str *fingerprint, struct str *line)
{
	struct buf bytes;
	bool ok;

	buf_init(&bytes, SIGNATURE_MAX);
	ok = b64_read(b64, &bytes) && !bytes.full && key_of(c, buf_str(&bytes), fingerprint, line);
	buf_release(&bytes);
	return ok;
}

/* --- with files of their own -------------------------------------------------------------- */

/* A private folder and the path of a file in it. False: *why. */
static bool folder_for(struct cli *c, char *folder, struct str *path, struct str *why)
{
	if (!refuge_folder(folder)) {
		*why = arena_printf(&c->arena, "%s: %s", folder, strerror(errno));
		return false;
	}
	*path = arena_printf(&c->arena, "%s/text", folder);
	return true;
}

void signed_check_b64(struct cli *c, const char *name_space, const char *signers, struct str b64, struct str text, struct signed_by *out)
{
	char folder[4096];
	struct str path;
	int err;

	*out = (struct signed_by){ .signer = STR(""), .why = STR("") };
	if (!folder_for(c, folder, &path, &out->why))
		return;
	err = file_write_atomic(path.p, armor(c, b64), 0600, 0);
	if (err)
		out->why = str_of(file_error(err));
	else
		signed_check(c, name_space, signers, path.p, text, out);
	(void)file_remove_tree(folder);
}

struct str signed_make(struct cli *c, const char *name_space, const char *key, struct str text, struct str *b64)
{
	char folder[4096];
	struct str path, why = STR(""), armored = STR("");
	int err;

	*b64 = STR("");
	if (!folder_for(c, folder, &path, &why))
		return why;
	err = file_write_atomic(path.p, text, 0600, 0);
	if (!err)
		err = sign_file(key, name_space, path.p, 0);
	if (!err)
		err = file_read(&c->arena, arena_printf(&c->arena, STR_FMT ".sig", STR_ARG(path)).p, SIGNATURE_MAX, &armored);
	(void)file_remove_tree(folder);
	*b64 = signed_dearmor(c, armored);
	if (err)
		return str_of(err < 0 ? "ssh-keygen could not sign" : strerror(err));
	return b64->n ? STR("") : STR("ssh-keygen made no signature");
}
