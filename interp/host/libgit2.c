#include "host/libgit2.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * libgit2: one row for each function of struct libgit2; and a way around its
 * slowest part. When it starts, Debian's build reads all certificate authorities
 * of the machine (6 to 25 ms), which only a fetch over TLS needs. It does so by
 * mbedtls_x509_crt_parse_file(), which is looked for in the program first: there
 * it finds ours, which reads a file only if its name begins with two slashes, as
 * libgit2_trust() writes them.
 */

#define SONAME "libgit2.so." LIBGIT2_SOVERSION

static const struct { const char *name; size_t at; } rows[] = {
#define ROW(field) { "git_" #field, offsetof(struct libgit2, field) }
	ROW(libgit2_init), ROW(libgit2_shutdown), ROW(libgit2_opts), ROW(error_last),
	ROW(repository_open_bare), ROW(repository_set_config), ROW(repository_set_odb), ROW(repository_free),
	ROW(config_new), ROW(config_free),
	ROW(odb_new), ROW(odb_backend_pack), ROW(odb_backend_loose), ROW(odb_add_backend), ROW(odb_free), 
	ROW(odb_read_header), ROW(odb_read), ROW(odb_object_data), ROW(odb_object_size), ROW(odb_object_free),
	ROW(reference_create_matching), ROW(note_commit_create), ROW(commit_lookup), ROW(commit_free), ROW(signature_new), ROW(signature_free),
	ROW(reference_lookup), ROW(reference_type), ROW(reference_target), ROW(reference_free), ROW(reference_name_to_id),
	ROW(reference_iterator_glob_new), ROW(reference_next_name), ROW(reference_iterator_free),
	ROW(oid_fromstr), ROW(oid_fmt),
	ROW(remote_create_anonymous), ROW(remote_connect_ext), ROW(remote_connect_options_init), ROW(remote_ls), ROW(remote_fetch), ROW(remote_free),
	ROW(fetch_options_init),
	ROW(credential_ssh_key_from_agent), ROW(credential_ssh_key_new), ROW(credential_username_new),
#undef ROW
};

/* The one global lookup that is not ours: the library is loaded already. */
int mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
	int (*real)(void *chain, const char *path) = NULL;
	void *lib, *f;

	if (path[0] != '/' || path[1] != '/')
		return 0;
	lib = dlopen(SONAME, RTLD_LAZY | RTLD_NOLOAD);
	f = lib ? dlsym(lib, "mbedtls_x509_crt_parse_file") : NULL;
	if (!f)
		return -1;
	memcpy(&real, &f, sizeof(f));
	return real(chain, path);
}

const char *libgit2_load(struct libgit2 *l)
{
	static const int levels[] = { GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA };

	l->lib = dlopen(SONAME, RTLD_LAZY | RTLD_LOCAL);
	if (!l->lib)
		return SONAME " is not installed (Debian: apt install libgit2-" LIBGIT2_SOVERSION ")";
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		void *f = dlsym(l->lib, rows[i].name);

		if (!f)
			return SONAME " lacks a function that this program was built with";
		memcpy((char *)l + rows[i].at, &f, sizeof(f));
	}
	if (l->libgit2_init() < 0)
		return SONAME " could not be started";
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (l->libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], ""))
			return SONAME " could not be kept from reading configuration";
	return NULL;
}

static const char *const bundles[] = { "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", NULL };

int libgit2_trust(struct libgit2 *l, const char *file, const char *dir)
{
	char path[4096];

	for (size_t i = 0; !file && !dir && bundles[i]; i++)
		if (!access(bundles[i], R_OK))
			file = bundles[i];
	if (file && snprintf(path, sizeof(path), "//%s", file) >= (int)sizeof(path))
		return -1;
	return l->libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file ? path : NULL, dir);
}
