#include "host/git_wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/file.h"
#include "host/clock.h"

/* git_wire_child: the child's side: libgit2, or the git program. */

enum { KEYS = 3 };
static const int64_t tick = 200000000; /* ns between two progress lines */

struct conversation {
	const struct wire *w;
	unsigned tries;          /* of credentials */
	int64_t told;            /* when progress was last told */
	const char *refused;     /* our own reason, or NULL */
	git_repository *repo;    /* these three are freed at the end */
	git_config *none;        /* so that no configuration has a say */
	git_remote *remote;
};

static void tell(const char *line)
{
	(void)file_write_all(2, line, strlen(line));
	(void)file_write_all(2, "\n", 1);
}

static int on_progress(const git_indexer_progress *p, void *payload)
{
	struct conversation *c = payload;
	int64_t now = clock_boot();
	char line[96];

	if (p->received_bytes > c->w->bytes_max) {
		c->refused = "the repository is larger than may be fetched";
		return -1;
	}
	if (now - c->told < tick)
		return 0;
	c->told = now;
	(void)snprintf(line, sizeof(line), "P %u %u %" PRIu64, p->indexed_objects, p->total_objects, (uint64_t)p->received_bytes);
	tell(line);
	return 0;
}

/* The agent first, then the keys that ssh itself would try; none that wants a passphrase. */
static int ssh_key(struct conversation *c, git_credential **out, const char *user)
{
	static const char *const names[KEYS] = { "id_ed25519", "id_ecdsa", "id_rsa" };
	const struct libgit2 *l = &c->w->g->l;
	const char *home = getenv("HOME");

	if (c->tries == 0 && c->tries++ == 0 && getenv("SSH_AUTH_SOCK"))
		return l->credential_ssh_key_from_agent(out, user);
	for (; home && c->tries <= KEYS; c->tries++) {
		struct str key = arena_printf(c->w->a, "%s/.ssh/%s", home, names[c->tries - 1]);
		struct str pub = arena_printf(c->w->a, STR_FMT ".pub", STR_ARG(key));

		if (access(key.p, R_OK))
			continue;
		c->tries++;
		return l->credential_ssh_key_new(out, user, access(pub.p, R_OK) ? NULL : pub.p, key.p, NULL);
	}
	c->refused = "the server accepts none of the keys (of the agent, and id_ed25519, id_ecdsa, id_rsa without a passphrase)";
	return -1;
}

static int on_credentials(git_credential **out, const char *url, const char *user, unsigned allowed, void *payload)
{
	struct conversation *c = payload;
	const char *us = user ? user : getenv("USER");

	(void)url;
	if (allowed & GIT_CREDENTIAL_USERNAME)
		return c->w->g->l.credential_username_new(out, us ? us : "git");
	if (allowed & GIT_CREDENTIAL_SSH_KEY)
		return ssh_key(c, out, us ? us : "git");
	c->refused = "the server wants a password; with RUNBOOK_GIT_FETCH=git the git program and its credential helpers fetch";
	return -1;
}

/* The proxy is the environment's: there is no configuration. */
static void options(struct conversation *c, git_remote_connect_options *connect, git_fetch_options *fetch)
{
	const struct libgit2 *l = &c->w->g->l;

	(void)l->remote_connect_options_init(connect, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
	(void)l->fetch_options_init(fetch, GIT_FETCH_OPTIONS_VERSION);
	connect->proxy_opts.type = GIT_PROXY_AUTO;
	connect->callbacks.credentials = on_credentials;
	connect->callbacks.transfer_progress = on_progress;
	connect->callbacks.payload = c;
	connect->follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	fetch->proxy_opts = connect->proxy_opts;
	fetch->callbacks = connect->callbacks;
	fetch->follow_redirects = connect->follow_redirects;
	fetch->prune = GIT_FETCH_NO_PRUNE;
	fetch->update_fetchhead = 0;
	fetch->download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
}

static int put_refs(struct conversation *c, git_remote *remote)
{
	const struct libgit2 *l = &c->w->g->l;
	const git_remote_head **heads;
	struct buf b;
	size_t n;
	int err = l->remote_ls(&heads, &n, remote);

	buf_init(&b, WIRE_LIST_BYTES);
	for (size_t i = 0; !err && i < n; i++)
		buf_printf(&b, "%s\t%s\n", git_id_of(l, &heads[i]->oid).hex, heads[i]->name);
	if (b.full) { /* half a list would choose other versions */
		c->refused = "the server lists more refs than are read (32 MiB)";
		err = -1;
	}
	if (!err && b.len)
		err = file_write_all(1, b.p, b.len);
	buf_release(&b);
	return err;
}

static const char *authority(const char *const *names)
{
	for (; *names; names++) {
		const char *v = getenv(*names);

		if (v && *v)
			return v;
	}
	return NULL;
}

static bool trust(const struct wire *w)
{
	static const char *const files[] = { "GIT_SSL_CAINFO", "CURL_CA_BUNDLE", "SSL_CERT_FILE", NULL };
	static const char *const dirs[] = { "SSL_CERT_DIR", NULL };
	const char *file = authority(files);

	return strncmp(w->url, "https:", 6) || !libgit2_trust(&w->g->l, file, file ? NULL : authority(dirs));
}

/* 0 or an error of the library. */
static int converse(struct conversation *c)
{
	const struct wire *w = c->w;
	const struct libgit2 *l = &w->g->l;
	git_remote_connect_options connect;
	git_fetch_options fetch;
	int err;

	if (!trust(w)) {
		c->refused = "the certificate authorities cannot be read";
		return -1;
	}
	options(c, &connect, &fetch);
	err = l->repository_open_bare(&c->repo, w->gitdir);
	if (!err && !(err = l->config_new(&c->none)))
		err = l->repository_set_config(c->repo, c->none);
	if (!err)
		err = l->remote_create_anonymous(&c->remote, c->repo, w->url);
	if (!err)
		err = l->remote_connect_ext(c->remote, GIT_DIRECTION_FETCH, &connect);
	if (!err && w->refspecs[0]) {
		git_strarray specs = { (char **)w->refspecs, w->refspecs[1] ? 2 : 1 };

		return l->remote_fetch(c->remote, &specs, &fetch, "fetch");
	}
	return err ? err : put_refs(c, c->remote);
}

_Noreturn static void by_library(const struct wire *w)
{
	struct conversation c = { .w = w };
	int err = converse(&c);

	if (err)
		tell(c.refused ? c.refused : git_last_error(&w->g->l, w->a).p);
	w->g->l.remote_free(c.remote);
	w->g->l.config_free(c.none);
	w->g->l.repository_free(c.repo);
	_exit(err ? 1 : 0); /* the parent's memory is not ours to tidy */
}

/* The user's configuration is in force: that is why the program was asked for. Hooks,
 * other protocols and further repositories are not. */
_Noreturn static void by_program(const struct wire *w)
{
	static const char *const unset[] = { "GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_INDEX_FILE",
					     "GIT_NAMESPACE", "GIT_COMMON_DIR", "GIT_TEMPLATE_DIR", "GIT_CONFIG" };
	const char *argv[40];
	size_t n = 0;
#define ADD(s) argv[n++] = (s)
	for (size_t i = 0; i < sizeof(unset) / sizeof(*unset); i++)
		(void)unsetenv(unset[i]);
	(void)setenv("GIT_TERMINAL_PROMPT", "0", 1);
	(void)setenv("SSH_ASKPASS_REQUIRE", "never", 1);
	(void)setenv("LC_ALL", "C", 1);
	ADD("git"); ADD("--git-dir"); ADD(w->gitdir);
	ADD("-c"); ADD("core.hooksPath=/dev/null"); ADD("-c"); ADD("gc.auto=0"); ADD("-c"); ADD("maintenance.auto=false");
	ADD("-c"); ADD("protocol.allow=never"); ADD("-c"); ADD("protocol.https.allow=always"); ADD("-c"); ADD("protocol.ssh.allow=always");
	ADD("-c"); ADD("fetch.fsckObjects=true"); ADD("-c"); ADD("fetch.unpackLimit=1"); ADD("-c"); ADD("http.followRedirects=false");
	if (!w->refspecs[0]) {
		ADD("ls-remote"); ADD("--quiet"); ADD("--"); ADD(w->url);
	} else {
		ADD("fetch"); ADD("--progress"); ADD("--no-tags"); ADD("--no-write-fetch-head"); ADD("--no-recurse-submodules");
		ADD("--no-auto-maintenance"); ADD("--"); ADD(w->url); ADD(w->refspecs[0]);
		if (w->refspecs[1])
			ADD(w->refspecs[1]);
	}
	argv[n] = NULL;
#undef ADD
	(void)execvp("git", (char *const *)argv);
	tell("the git program cannot be started");
	_exit(1);
}

_Noreturn void wire_child(const struct wire *w)
{
	const char *how = getenv("RUNBOOK_GIT_FETCH");

	if (how && !strcmp(how, "git"))
		by_program(w);
	by_library(w);
}
